"""Pass lists as files: CSV, Excel, JSON lines; read as a stream, written as a stream, the same passes both ways.

In: a path with a known suffix, or passes. Out: passes (`reading.read_passes`), every bad row by line, column and
reason, or a file that appears as a whole or not at all (`writing.write_passes`). `lines` takes a file apart into rows,
`cells` makes a pass of a row.
"""
