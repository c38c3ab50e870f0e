"""Tests the connection to central's brokers step by step: name, port, TLS, sign-in, permission; says what fails."""
