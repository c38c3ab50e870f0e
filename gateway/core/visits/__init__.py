"""Who is inside, corrected by people: a visit ended by hand, a car that came unseen, the number of cars set."""
