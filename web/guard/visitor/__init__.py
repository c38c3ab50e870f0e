"""The place *visitor*: a visitor is registered at the gate, and let in with the same tap."""
