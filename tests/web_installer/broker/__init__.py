"""The test of the connection to central's brokers."""
