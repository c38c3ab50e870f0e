"""Notifies the shift leader and the control room at once: of refused cars, and silently of watched ones."""
