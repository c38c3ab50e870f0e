"""UHPPOTE controllers: their messages, by the library uhppoted, and the way there, by UDP or TCP."""
