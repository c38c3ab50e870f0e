"""What the bytes on a device's wire mean to people: frames cut out and without secrets, words, cards; pure."""
