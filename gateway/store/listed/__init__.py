"""Lists of vehicles (watched, hazardous): what is said of an entry, checked; its table, and what is asked of it."""
