"""Pure codecs: bytes of the devices become what they mean, and back; no wire, no clock."""
