"""What each figure has to reach. `<=`: at most, `>=`: at least; the unit stands with the figure."""

from __future__ import annotations

TARGETS = {
    "journal_single": ">=0.95",
    "journal_group": ">=0.8",
    "card_to_coil_p50": "<=2.5",
    "card_to_coil_p90": "<=1.6",
    "card_to_coil_p99": "<=2",
    "card_to_coil_under_load": "<=2",
    "card_to_coil_under_load_rt": "<=1.2",
    "crash_to_alarm": "<=20",
    "crash_to_alarm_backlog": "<=40",
    "backlog_drain": ">=15",
    "pull_feed": ">=0.3",
    "pull_feed_gzip": ">=0.3",
    "restart": "<=2",
    "written_per_read": "<=12",
    "written_idle": "<=20",
    "memory_engine": "<=40",
    "memory_all": "<=120",
    "import_passes": "<=3",
    "simulate_speed": ">=15000",
}
