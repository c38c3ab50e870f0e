"""How the arm is moved, and what follows for a lane from what the arm does."""
