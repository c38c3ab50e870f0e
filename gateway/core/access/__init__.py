"""Who may pass: reads, plates, the case of a car, places and the rules of the decision."""
