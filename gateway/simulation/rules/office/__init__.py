"""The rules about what the office is for: release slips, the watch list, drivers without a card."""
