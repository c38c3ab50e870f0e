"""What waits to be applied: checked, shown as a difference, applied, confirmed in time or taken back."""
