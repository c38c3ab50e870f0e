"""Who is inside: what corrections change in the projections, and what is asked of them."""
