"""How one thread runs one wire: listening to a reader, or polling boards and carrying out orders."""
