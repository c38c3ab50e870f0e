"""The bounded store of measurements: hours of two weeks, days of two years, one file that never grows."""
