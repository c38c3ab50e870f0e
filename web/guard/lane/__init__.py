"""One lane's panel: arm, loops, the last car, and the line that says what to say or to do."""
