"""Settings as fields of a form: a declared type in, its fields out; a posted form in, a value and its faults out."""
