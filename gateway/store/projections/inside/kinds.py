"""The kinds of visits: of a visitor who was registered or announced, of a pass by its kind, or unknown."""

KINDS = ("monthly", "temporary", "staff", "visitor", "blocked", "unknown")
KIND = (
    "CASE WHEN v.visit IS NOT NULL THEN 'visitor'"
    " WHEN s.kind IN ('monthly', 'temporary', 'staff', 'blocked') THEN s.kind ELSE 'unknown' END"
)
"""The kind of a visit `s` with its visitor `v`, in SQL."""
