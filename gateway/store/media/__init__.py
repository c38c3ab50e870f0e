"""Pictures of cameras, kept as evidence beside the journal and never in it."""
