"""What the demo's office has set up beside lanes and people: buildings with the way to them, and what a stay costs."""

from __future__ import annotations

from typing import Any

BUILDINGS: list[dict[str, Any]] = [
    {
        "id": f"b{number}",
        "name": f"{number}栋",
        "units": ["101", "502", "1203"],
        "directions": {"zh_CN": f"直行,{way_zh}到{number}栋", "en": f"Straight on, then {way} to building {number}"},
        "goods_directions": {
            "zh_CN": f"走地下货运通道到{number}栋货梯",
            "en": f"By the goods ramp to the goods lift of building {number}",
        },
        "display": f"{number}栋 {sign}",
        "goods_display": f"{number}栋 货梯",
    }
    for number, way, way_zh, sign in ((3, "left", "左转", "左转"), (5, "right", "右转", "右转"))
]
"""Their ids are those of the visitors in the scenes."""

CURRENCY = "CNY"
PRICES: dict[str, Any] = {
    "tariffs": [
        {
            "id": "visitor",
            "currency": CURRENCY,
            "free_minutes": 0,
            "blocks": [{"minutes": 30, "price": 500}, {"minutes": 60, "price": 300}],
            "day_cap": 4_000,
        }
    ],
    "charging": {
        "methods": ["cash", "qr"],
        "rules": [
            {"vehicle_class": "truck", "tariff": None},
            {"pass_kind": "temporary", "tariff": "visitor"},
        ],
    },
}
"""A whole minute is charged, so that a visitor of the demo pays after a short stay; deliveries are free."""
