"""What people and programs see of a gateway: the guard's screen and the HTTP API, in a process of its own."""
