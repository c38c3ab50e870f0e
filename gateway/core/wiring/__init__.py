"""The wiring of a lane in the site file: terminals, points, contradictions, templates, learned inputs, trial cycles."""
