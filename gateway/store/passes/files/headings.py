"""The headings of a list, in English and Chinese, and the words for the kinds of pass."""

from __future__ import annotations

import re
import unicodedata
from collections.abc import Iterable

from gateway.core.vocabulary.passes import Pass, PassKind

FIELDS = Pass.__struct_fields__
LISTED = ("plates", "cards")
"""Fields that may have several columns: `车牌1`, `车牌2`."""
NUMBERS = "number"
"""Not a field: a column that counts the rows, which is not read."""

ALIASES: dict[str, str] = {
    "id": "id pass, pass id, pass no, pass number, 编号, 通行证号, 通行证编号, 证号, 用户编号, 人员编号,"
    " 車主編號, 編號",
    "kind": "type, category, pass type, 类型, 类别, 种类, 卡类型, 卡类, 卡类别, 卡种,"
    " 月卡类型, 车辆类型, 用户类型, 收费类型, 類型, 類別, 種類",
    "holder": "name, owner, resident, holder name, full name, 姓名, 车主, 车主姓名, 业主, 业主姓名, 住户, 住户姓名,"
    " 户主, 人员姓名, 用户姓名, 客户姓名,"
    " 持卡人, 使用人, 联系人, 車主, 業主, 住戶",
    "phone": "telephone, mobile, tel, phone no, phone number, 电话, 手机, 手机号, 手机号码, 电话号码, 联系电话,"
    " 联系方式, 车主电话, 业主电话, 車主電話, 電話, 手機, 聯絡電話",
    "unit": "room, address, flat, apartment, house, 房号, 房间号, 房间, 房屋, 房产, 单元, 住址, 地址, 门牌, 门牌号,"
    " 楼栋房号, 房屋地址, 房屋编号, 房號, 單位, 單元",
    "plates": "plate, number plate, license plate, licence plate, registration, vehicle, plate no, plate number,"
    " license plate number, licence plate number, 车牌, 车牌号, 车牌号码, 牌照, 牌照号, 車牌, 車牌號, 車牌號碼",
    "cards": "card, card no, card number, card id, tag, 卡号, 卡, 卡片号, 卡片编号, ic卡号, id卡号, 门禁卡号, 蓝牙卡号,"
    " 卡片, 卡號",
    "bay": "parking bay, parking space, space, parking, bay no, bay number, 车位, 车位号, 车位编号, 泊位, 泊位号, 車位,"
    " 車位號",
    "valid_from": "from, start, start date, begins, begin date, valid since, 有效期自, 有效期起, 有效期从, 开始日期,"
    " 起始日期, 生效日期, 开始时间, 有效开始日期, 生效时间, 開始日期",
    "valid_until": "until, to, end, end date, expiry, expiry date, expires, valid to, valid through, expiration date,"
    " 有效期, 有效期至, 有效期止, 有效期到, 到期, 到期日, 到期日期, 到期时间, 截止日期,"
    " 有效截止日期, 有效期截止, 有效期限, 有效终止日期, 截止时间, 结束日期, 失效日期, 终止日期,"
    " 结束时间, 有效结束日期, 有效日期, 截至日期, 到期日期, 結束日期",
    "schedule": "times, hours, 时段, 通行时段, 时间段, 时间表",
    "lanes": "lane, gate, gates, 车道, 通道, 出入口, 車道",
    "group": "household, firm, company, 分组, 组, 组别, 家庭, 公司, 单位名称, 分組",
    "note": "notes, remark, remarks, comment, comments, 备注, 说明, 備註, 備注",
    "revision": "版本, 修订",
    NUMBERS: "no, nr, number, serial, serial no, serial number, s/n, row, 序号, 序, 行号, 序號",
}
"""What a heading may say beside the name of the field; small and large letters, blanks and signs do not count."""

KIND_ALIASES: dict[str, str] = {
    PassKind.MONTHLY: "month, monthly pass, monthly card, resident, owner, 月卡, 月租, 月租卡, 月租车, 包月, 包月车,"
    " 年卡, 季卡, 业主, 业主车, 住户, 固定车, 固定, 長期租, 月租車, 業主",
    PassKind.TEMPORARY: "temp, visitor, guest, 临时, 临时卡, 临时车, 访客, 访客车, 臨時, 訪客",
    PassKind.STAFF: "employee, 员工, 员工卡, 职工, 职工卡, 内部, 内部车, 工作人员, 物业员工, 員工",
    PassKind.BLOCKED: "blacklist, blacklisted, banned, block, 黑名单, 禁止, 禁止通行, 拉黑, 黑名單",
}
"""What a list may say for a kind of pass."""

_SIGNS = re.compile(r"[\W_]+")
_LAST_NUMBER = re.compile(r"(?:\d{1,2}|[一二三四五六七八九十])$")
_NOTHING_IN_BRACKETS = re.compile(r"[(（\[【][^)）\]】]*[)）\]】]?")


def plain(text: str) -> str:
    """A heading or word as it is compared."""
    return _SIGNS.sub("", unicodedata.normalize("NFKC", text)).casefold()


_FIELD_OF = {
    plain(alias): field for field, aliases in ALIASES.items() for alias in (field, *aliases.split(",")) if plain(alias)
}
_KIND_OF = {
    plain(alias): PassKind(kind) for kind, aliases in KIND_ALIASES.items() for alias in (kind, *aliases.split(","))
}


def field_of(heading: str) -> str | None:
    """The field that a heading means; None for an unknown one."""
    for text in (heading, _NOTHING_IN_BRACKETS.sub("", heading)):
        name = plain(text)
        if name in _FIELD_OF:
            return _FIELD_OF[name]
        numbered = _FIELD_OF.get(_LAST_NUMBER.sub("", name))
        if numbered in LISTED:
            return numbered
    return None


def kind_of(text: str) -> PassKind | None:
    """The kind of pass that a word means; None for an unknown one."""
    return _KIND_OF.get(plain(text))


def known_names(cells: Iterable[str]) -> frozenset[str]:
    """The fields that these cells would name as a heading."""
    return frozenset(field for cell in cells if (field := field_of(cell)) is not None and field != NUMBERS)
