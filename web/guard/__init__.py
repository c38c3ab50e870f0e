"""The guard's screens: a folder for each subject, with its part of the view, its page, its script and its looks."""
