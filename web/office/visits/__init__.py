"""One visit at the office: what is known of it, corrected and cancelled."""
