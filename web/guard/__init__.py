"""The guard's screen: a pure view of the snapshot in the guard's language, and the views that serve it."""
