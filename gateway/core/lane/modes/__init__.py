"""What rules a lane, and what keeps it from moving by itself."""
