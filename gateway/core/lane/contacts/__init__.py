"""What is wired to a barrier: its contacts and the boards that read them."""
