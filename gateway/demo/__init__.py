"""The demo: a whole site on simulated hardware with people, traffic and news."""
