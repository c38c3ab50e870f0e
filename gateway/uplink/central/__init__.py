"""Central's side: the journal as an outbox, retained states, central's commands."""
