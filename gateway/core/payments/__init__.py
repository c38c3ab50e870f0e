"""Payments: bills by the settings of the site, and what is paid, waived, taken over or owed; each is booked once."""
