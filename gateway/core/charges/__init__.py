"""What a stay costs: tariffs as data, the cut of a stay into days and periods, and the sum with its explanation."""
