"""The journal's threads: commit rows, follow with projections, drop old rows."""
