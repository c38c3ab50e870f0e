"""The words on paper, in both languages; a driver reads them, who knows nothing of the gateway."""

from __future__ import annotations

_WORDS: dict[str, tuple[str, str]] = {
    "ticket": ("Visitor's ticket", "访客凭条"),
    "receipt": ("Receipt", "停车收据"),
    "test": ("Test page", "打印测试"),
    "number": ("No.", "编号"),
    "visit": ("Visit", "来访编号"),
    "plate": ("Plate", "车牌"),
    "no_plate": ("without plate", "无牌车"),
    "unit": ("Going to", "前往"),
    "purpose": ("Purpose", "事由"),
    "from": ("From", "自"),
    "until": ("Until", "至"),
    "show_code": ("Show this code at the exit.", "出场时请出示此码"),
    "entered": ("In", "入场"),
    "charged_until": ("Charged until", "计费至"),
    "minutes": ("Time inside", "停留时长"),
    "sum": ("Sum", "应收"),
    "paid": ("Paid", "已付"),
    "due": ("Still due", "待付"),
    "owed": ("Owed", "欠费"),
    "waived": ("Waived", "免收"),
    "cash": ("Cash", "现金"),
    "qr": ("Paid by code", "扫码支付"),
    "external": ("Paid elsewhere", "其他支付"),
    "leave_by": ("Please leave by", "请于此前离场"),
    "guard": ("Taken by", "收款人"),
    "at": ("Printed", "打印时间"),
    "block": ("Parking", "停车"),
    "cap": ("At most", "封顶减免"),
    "day_cap": ("At most a day", "单日封顶减免"),
    "validation": ("Validated", "优惠减免"),
    "percent": ("Discount", "折扣"),
    "thanks": ("Have a good trip.", "祝您一路平安"),
    "test_line": ("If you can read this, the printer is set up well.", "能看清这行字,说明打印机已设置好。"),
}
HOUR = 60


def word(key: str, locale: str) -> str:
    """A word in a language; English where there is no other."""
    english, chinese = _WORDS[key]
    return chinese if locale == "zh_CN" else english


def duration(minutes: int, locale: str) -> str:
    """A time in hours and minutes."""
    hours, rest = divmod(minutes, HOUR)
    if locale == "zh_CN":
        return f"{hours}小时{rest}分" if hours else f"{rest}分钟"
    return f"{hours} h {rest} min" if hours else f"{rest} min"
