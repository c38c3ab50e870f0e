"""Names first, then the PIN of the chosen one."""
