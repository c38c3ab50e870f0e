"""The rules about cars: who was let pass, by which proof, at whose word, and where they are now.

They know each car as it truly is: where it stands, what it has shown, whether it has crossed. What the product writes
of a car is compared with that; where the truth is not known (a stuck loop, a crossing that was excused, rows that
were lost with the memory) nothing is asked until the car has come or gone in plain sight again.
"""
