"""What is connected: the search of the engine, followed while it runs; what is found joins the draft with a tap."""
