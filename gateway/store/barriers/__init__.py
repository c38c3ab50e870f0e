"""Templates of usual barriers, as data: a JSON file for each in `data`; a new one is a new file and no code."""
