"""Printers of receipts and tickets, a folder for each kind."""
