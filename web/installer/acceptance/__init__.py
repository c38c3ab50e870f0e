"""Point-to-point acceptance: one page a lane that both ends tick and sign, and its sheet for paper."""
