"""The place *inside*: how many cars are in the car park."""
