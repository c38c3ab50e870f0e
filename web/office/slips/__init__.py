"""Release slips of goods: made, listed, confirmed, cancelled with a reason, and printed for the driver."""
