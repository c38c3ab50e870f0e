"""No card at the exit: identity documents, how far the check of a driver is, and the stay that the car is of."""
