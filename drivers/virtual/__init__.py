"""Devices without hardware: for tests, and as the shortest lessons in drivers."""
