"""The web process: the application, its server, its files, and what goes out on every answer."""
