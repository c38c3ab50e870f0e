"""Hardware that exists only in software: it speaks the true wire protocols and misbehaves on request."""
