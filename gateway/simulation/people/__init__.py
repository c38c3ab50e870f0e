"""The people of a simulated site: drivers who show cards, codes and plates, and guards who decide and repair."""
