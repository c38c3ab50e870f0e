"""Lists of passes as property offices and their programs write them, each with its right outcome."""
