"""The sheet on which a car that must pay is charged, and what it was charged afterwards."""
