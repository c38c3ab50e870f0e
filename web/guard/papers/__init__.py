"""Papers of a visit: the receipt and the visitor's ticket, printed at the booth."""
