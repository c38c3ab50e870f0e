"""The sheet for goods that leave: release slips, matched with the car at an exit and signed by PIN."""
