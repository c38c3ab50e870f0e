"""The present state of the site for screens, and until when what they ask for counts."""
