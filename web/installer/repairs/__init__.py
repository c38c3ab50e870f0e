"""The repair orders: listed by urgency and due time, one order a page, with what its viewer may do."""
