"""What is printed for a driver: receipts and tickets as lines, pairs, rules and codes, in both languages."""
