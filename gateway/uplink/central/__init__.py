"""What central gets and asks: the journal as an outbox, retained states, orders."""
