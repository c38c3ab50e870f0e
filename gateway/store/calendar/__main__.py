"""Prints the public holidays of a country as JSON, for processes that must not load the library.

`python -m gateway.store.calendar CN 2026 2027`; a country that is not known ends it with 1 and nothing on stdout.
"""

from __future__ import annotations

import json
import sys

from gateway.core.vocabulary.errors import SettingsError
from gateway.store.calendar.country import country_days

if __name__ == "__main__":
    country, *years = sys.argv[1:]
    try:
        found = country_days(country, map(int, years))
    except SettingsError:
        sys.exit(1)
    days = {key: sorted(day.isoformat() for day in getattr(found, key)) for key in ("holidays", "workdays")}
    print(json.dumps(days))
