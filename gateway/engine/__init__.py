"""The shell around the core: it owns the hardware, the journal, the passes and the settings of a running gateway.

| place | subject |
|---|---|
| `engine`, `main` | the parts assembled, started, watched and stopped; the process and its exit codes |
| `stores` | the databases of one run, opened by `store.recovery` |
| `core_thread` | the thread that lets the core decide, and all that it owns |
| `journal_thread` | the threads that write, follow and shorten the journal |
| `socket` | the threads that answer people and programs |
| `settings` | the thread that changes settings while the gateway runs |
| `workers`, `watchdog` | threads that must not end, and the proof that they turn |
| `clock`, `priority` | time with its quality; real-time priority |

Each of the four folders says in its docstring which threads it has, what each owns, what it may wait for and what it
never waits for (a test compares that with docs/contributor.md). Threads hand work over by bounded queues.

main thread of the engine: `run_engine` in `main.py`
    owns: the watchdog: fed only while the other threads turn
    may wait for: the stop signal
    never waits for: a thread, for longer than its patience
"""
