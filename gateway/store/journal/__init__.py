"""The journal: one writer, many readers, cursors and consumers."""
