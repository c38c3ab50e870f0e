"""Types of control requests about papers."""

from __future__ import annotations

from typing import Literal

from gateway.engine.socket.requests import Change, Params, Word

Language = Literal["", "en", "zh_CN"]
"""Empty: that of the site."""


class PrintTicket(Change, frozen=True, kw_only=True):
    """print.ticket: the ticket of a visit with its code, at the printer of the screen or the lane"""

    visit: Word
    station: Word = ""
    lane: Word = ""
    locale: Language = ""


class ReceiptShow(Params, frozen=True):
    """receipt.show: what proves a payment, in few lines, for a screen and a code"""

    visit: Word
    locale: Language = ""


class PrintReceipt(Change, frozen=True, kw_only=True):
    """print.receipt: the receipt of a visit, at the printer of the screen or the lane"""

    visit: Word
    station: Word = ""
    lane: Word = ""
    locale: Language = ""


class PrintTrial(Change, frozen=True, kw_only=True):
    """print.trial: a page that shows whether a printer is set up well"""

    device: Word
    locale: Language = ""
