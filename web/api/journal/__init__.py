"""The journal over HTTP: the feed, tables of rows, a barrier's history."""
