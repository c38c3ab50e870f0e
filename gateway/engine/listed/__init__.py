"""Lists of vehicles, as people and central tell the engine of them: put on, imported, taken off."""
