"""The demo's people: a few hundred passes with Chinese names, plates and card numbers, the same for the same seed."""

from __future__ import annotations

import random
from collections.abc import Iterator
from datetime import date, timedelta

from msgspec.structs import replace

from gateway.core.vocabulary.passes import Pass, PassKind

RESIDENTS, STAFF, VISITORS = 280, 24, 36
_FAMILY = "王李张刘陈杨黄赵周吴徐孙马朱胡郭何林高罗郑梁谢宋唐许韩邓冯曹彭曾萧田董"
_GIVEN = "伟芳娜敏静丽强磊军洋勇艳杰娟涛明超秀霞平刚桂英华玉兰建国文辉志鹏晓燕思雨梓涵子轩一诺欣怡浩然"
_PROVINCES = "京沪粤苏浙津冀鲁川渝"
_LETTERS = "ABCDEFGHJKLMNPQRSTUVWXYZ"  # plates have no I and O


class People:
    """The passes of the demo, by their role in it."""

    def __init__(self, seed: int, today: date) -> None:
        self._random = random.Random(seed)
        self._today = today
        self._cards = iter(self._random.sample(range(100_000, 16_000_000), 1000))
        self._plates: set[str] = set()
        self.residents = [self._resident(n) for n in range(RESIDENTS)]
        self.staff = [self._staff(n) for n in range(STAFF)]
        self.visitors = [self._visitor(n) for n in range(VISITORS)]
        self.expiring = [self._monthly(f"R09{n:02}", -200, 2 + 3 * n) for n in range(3)]
        self.expired = [self._monthly(f"R08{n:02}", -400, -3 - n) for n in range(3)]
        self.early = [self._monthly(f"R07{n:02}", 2 + n, 300) for n in range(2)]
        self.blocked = [self._pass(f"X{n:03}", PassKind.BLOCKED, note="物业费纠纷") for n in range(3)]

    def all(self) -> Iterator[Pass]:
        """Every pass."""
        groups = (self.residents, self.staff, self.visitors, self.expiring, self.expired, self.early, self.blocked)
        for group in groups:
            yield from group

    def stranger(self) -> str:
        """An unknown card."""
        return str(next(self._cards))

    def _pass(self, pass_id: str, kind: PassKind, **more: str) -> Pass:
        one = Pass(
            pass_id,
            kind,
            holder=self._name(),
            phone=f"13{self._random.randrange(10**9):09}",
            plates=(self.plate(),),
            cards=(str(next(self._cards)),),
        )
        return replace(one, **more)

    def _monthly(self, pass_id: str, begins_in: int, ends_in: int) -> Pass:
        building, floor = self._random.randint(1, 12), self._random.randint(1, 28)
        return self._pass(
            pass_id,
            PassKind.MONTHLY,
            unit=f"{building}-{floor}{self._random.randint(1, 4):02}",
            bay=f"B{self._random.randint(1, 2)}-{self._random.randint(1, 400):03}",
            valid_from=self._day(begins_in),
            valid_until=self._day(ends_in),
        )

    def _resident(self, number: int) -> Pass:
        return self._monthly(f"R{number:04}", -self._random.randint(30, 700), self._random.randint(20, 360))

    def _staff(self, number: int) -> Pass:
        return self._pass(f"S{number:03}", PassKind.STAFF, unit="物业")

    def _visitor(self, number: int) -> Pass:
        unit = f"{self._random.randint(1, 12)}-{self._random.randint(1, 28)}02"
        return self._pass(f"T{number:03}", PassKind.TEMPORARY, unit=unit, valid_until=self._day(1))

    def _name(self) -> str:
        given = "".join(self._random.choices(_GIVEN, k=self._random.choice((1, 2, 2))))
        return self._random.choice(_FAMILY) + given

    def plate(self) -> str:
        """A new plate: six characters after the province, or seven for a new-energy car."""
        while True:
            electric = self._random.random() < 0.35
            tail = "".join(self._random.choices("0123456789", k=5))
            plate = self._random.choice(_PROVINCES) + self._random.choice(_LETTERS) + ("D" if electric else "") + tail
            if plate not in self._plates:
                self._plates.add(plate)
                return plate

    def _day(self, days: int) -> str:
        return (self._today + timedelta(days=days)).isoformat()
