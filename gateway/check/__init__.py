"""`gatehouse check`: one question a file, and the report of all of them."""
