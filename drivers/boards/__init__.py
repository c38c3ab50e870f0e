"""Boards with relays and inputs: a folder for each driver, and `layouts` with a JSON file for each Modbus board."""
