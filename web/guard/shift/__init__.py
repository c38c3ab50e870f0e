"""The place of the guard's own shift: what was taken since the sign-in, and today."""
