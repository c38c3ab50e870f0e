"""SQLite: opening a database, its schema, its migrations."""
