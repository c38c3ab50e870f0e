"""What is owed by cars that were released: listed for the office, which takes the money on the page of the visit."""
