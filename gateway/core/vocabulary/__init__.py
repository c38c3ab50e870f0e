"""The words of the core: events in, commands out, errors, passes, time, authors."""
