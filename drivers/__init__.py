"""What stands at the gate: a module for each device, made of `framing`, `links` and `buses`."""
