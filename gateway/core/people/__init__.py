"""What people type: free texts, names and PINs, and the rules by which one is refused."""
