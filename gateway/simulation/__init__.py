"""The seeded simulator: the real core, core loop, recorder and stores in a made-up world, as fast as the machine can.

`story` writes what happens (from a seed), `world` keeps time and lets it happen to gates and cars, `people` show cards
and decide, `box` runs the product's own parts in it, and `rules` watch every step. `play` plays a story, `shrink` finds
the shortest one that still breaks a rule, and `run` is the command. One thread, no real clock, no randomness but the
story's: a seed is a story.
"""
