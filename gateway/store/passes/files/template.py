"""An empty list to begin with: headings, examples and explanations in English and Chinese.

As a workbook it has the list on its first sheet, in columns of text, and the explanations on the second. As a text file
it is the list alone. The examples are taken by an import, so each form in them is one that is understood.
"""

from __future__ import annotations

from collections.abc import Sequence
from pathlib import Path
from typing import Any

from gateway.core.vocabulary.errors import StorageError
from gateway.core.vocabulary.passes import Pass, PassKind
from gateway.store.passes.files.lines import suffix_of
from gateway.store.passes.files.writing import write_rows

SUFFIXES = (".xlsx", ".csv")
COLUMN_WIDTH = 18

HEADINGS = {
    "id": "编号", "kind": "类型", "holder": "姓名", "phone": "电话", "unit": "房号", "plates": "车牌", "cards": "卡号",
    "bay": "车位", "valid_from": "有效期自", "valid_until": "有效期至", "schedule": "时段", "lanes": "车道",
    "group": "分组", "note": "备注",
}  # fmt: skip
"""The fields of a list to fill in, with their Chinese headings."""

EXAMPLES = (
    Pass("R-0001", PassKind.MONTHLY, "张小明", "13800000000", "3栋2-501", ("粤B12345", "粤BD12345"), ("0000472288",),
         "B1-012", "2026-01-01", "2026-12-31", group="3栋2-501"),
    Pass("S-0001", PassKind.STAFF, "王强", unit="物业 office", cards=("077,30211",), schedule="mon-fri 08:00-18:00"),
    Pass("V-0001", PassKind.TEMPORARY, "Visitor", plates=("MÜ-AB 123",), valid_until="2026-11-30", lanes=("in", "out")),
    Pass("X-0001", PassKind.BLOCKED, cards=("472289",), note="lost 挂失"),
)  # fmt: skip

EXPLAINED = {
    "id": ("required; letters, digits, - and _; its own for each pass", "必填；字母、数字、- 和 _；每张通行证不同"),
    "kind": ("required; monthly, temporary, staff or blocked", "必填；月卡、临时、员工或黑名单"),
    "holder": ("who; shown to the guard", "持有人；显示给保安"),
    "phone": ("telephone", "联系电话"),
    "unit": ("building and room", "楼栋与房号；如 3-12 请设为文本格式"),
    "plates": ("several separated by ;", "多个车牌用 ; 分隔；没有车牌请留空"),
    "cards": (
        "number of the card, as text; several separated by ;",
        "卡号（文本格式）；多张用 ; 分隔；也可写 077,30211",
    ),
    "bay": ("parking bay; a place of its own", "固定车位"),
    "valid_from": ("first valid day, 2026-01-01; empty: at once", "首个有效日 2026-01-01；留空为立即生效"),
    "valid_until": ("last valid day, 2026-12-31; empty: no end", "最后有效日 2026-12-31；长期请留空"),
    "schedule": ("empty: always; or mon-fri 08:00-18:00; sat 09:00-12:00", "留空为全天；或 mon-fri 08:00-18:00"),
    "lanes": ("ids of lanes separated by ;, empty: all", "车道编号，用 ; 分隔；留空为全部"),
    "group": ("household or firm that shares places", "共用车位数的家庭或公司"),
    "note": ("free text", "备注，任意文字"),
}
"""What each column takes, in English and Chinese."""


def write_template(path: Path, *, chinese: bool = True) -> None:
    """Write the list to begin with; StorageError, or GatehouseError for a suffix that it does not have."""
    suffix = suffix_of(path, SUFFIXES)
    rows = [[_heading(field, chinese) for field in HEADINGS], *(_example(one) for one in EXAMPLES)]
    fresh = path.with_name(f".{path.name}.new")
    try:
        if suffix == ".csv":
            write_rows(fresh, rows)
        else:
            _write_book(fresh, rows)
        fresh.replace(path)
    except OSError as error:
        raise StorageError(f"{path} cannot be written ({error.strerror})") from error
    finally:
        fresh.unlink(missing_ok=True)


def _heading(field: str, chinese: bool) -> str:
    return HEADINGS[field] if chinese else field


def _example(one: Pass) -> list[str]:
    values: list[Any] = [getattr(one, field) for field in HEADINGS]
    return [";".join(value) if isinstance(value, tuple) else str(value) for value in values]


def _write_book(path: Path, rows: Sequence[Sequence[str]]) -> None:
    from openpyxl import Workbook
    from openpyxl.styles import Font
    from openpyxl.utils import get_column_letter

    book = Workbook()
    sheet = book.active
    sheet.title = "list 名单"
    for row in rows:
        sheet.append(list(row))
    for at in range(1, len(HEADINGS) + 1):
        letter = get_column_letter(at)
        sheet.column_dimensions[letter].width = COLUMN_WIDTH
        for cell in sheet[letter][:1]:
            cell.font = Font(bold=True)
        # Columns of text, so that a spreadsheet changes no card and makes no date of 3-12.
        for line in range(1, 500):
            sheet.cell(line, at).number_format = "@"
    sheet.freeze_panes = "A2"
    told = book.create_sheet("explanations 说明")
    told.append(["field", "标题", "what it takes", "说明"])
    for field, (english, chinese) in EXPLAINED.items():
        told.append([field, HEADINGS[field], english, chinese])
    for letter, width in zip("ABCD", (14, 12, 60, 60), strict=True):
        told.column_dimensions[letter].width = width
    book.save(path)
