# Gatehouse: the commands a person types. Each does its own set-up; a second call finds it done and is quick.
# What follows a command is passed on with ARGS, for example: make demo ARGS="--port 8090 --hours 1"

SHELL := /bin/bash
.DEFAULT_GOAL := help
PYTHON := .venv/bin/python
ARGS ?=
# Many tests wait for real parts, so three share two cores well, and a fourth waits for the simulator, which takes what
# they leave (tests/order.py); WORKERS=0 runs them one after the other.
WORKERS ?= 4
LONG_WORKERS ?= 2
.PHONY: help demo test test-all check format bench torture simulate mutants lock clean

help: ## Show this help
	@echo "Gatehouse, the edge gateway for the guard's booth"
	@echo
	@awk -F ':.*## ' '/^[a-z-]+:.*## / { printf "  make %-10s %s\n", $$1, $$2 }' $(MAKEFILE_LIST)
	@echo
	@echo "Start with 'make demo' (a whole site on simulated hardware); README.md leads on from there."

demo: ## Run a whole site on simulated hardware until Ctrl-C
	@.ci/setup demo
	@exec .venv/bin/gatehouse demo $(ARGS)

test: ## Run the tests, in less than ten minutes (ARGS="tests/cli -x" for some of them)
	@.ci/setup test
	@$(PYTHON) -m pytest -v -m "not long" -n $(WORKERS) --dist loadfile --no-loadscope-reorder $(ARGS)

test-all: ## Run what takes longer: the clients of others against the descriptions (the marker `long`)
	@.ci/setup test
	@$(PYTHON) -m pytest -v -m long -n $(LONG_WORKERS) --dist loadfile --no-loadscope-reorder $(ARGS)

check: ## Check format, lint, types and the import arrows
	@.ci/setup check
	@$(PYTHON) -m ruff format --check .
	@$(PYTHON) -m ruff check .
	@$(PYTHON) -m mypy
	@$(PYTHON) -m pytest tests/test_architecture.py

format: ## Put the code into the project's format
	@.ci/setup check
	@$(PYTHON) -m ruff format .
	@$(PYTHON) -m ruff check --fix .

bench: ## Measure against bare floors (ARGS="--json" for machines)
	@.ci/setup test
	@$(PYTHON) -m tests.bench $(ARGS)

torture: ## Kill the engine and cut the power, hundreds of times
	@.ci/setup test
	@$(PYTHON) -m tests.torture $(ARGS)

simulate: ## Play made-up days against the real core and stores (ARGS='--seed 7 --hours 500')
	@.ci/setup demo
	@.venv/bin/gatehouse simulate $(ARGS)

mutants: ## Plant single faults and see whether the tests find them (ARGS="--of store --count 30")
	@.ci/setup mutants
	@$(PYTHON) -m tests.mutants $(ARGS)

lock: ## Pin every package anew, with hashes (needs uv)
	@.ci/lock

clean: ## Remove the virtual environment and what tools left
	rm -rf .venv .mypy_cache .ruff_cache .pytest_cache .hypothesis build dist ./*.egg-info
