"""The gateway in the simulated world: the product's own parts, a disk that can fail, faults planted in the core."""
