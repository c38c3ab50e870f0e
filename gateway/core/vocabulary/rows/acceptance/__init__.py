"""Point-to-point acceptance in the journal: its rows, and the values within them."""

from gateway.core.vocabulary.rows.acceptance.measured import ENDS, KINDS, LOST, WAIVED, Basis, Measured, SheetFigures
from gateway.core.vocabulary.rows.acceptance.rows import (
    AcceptanceLost,
    AcceptanceSigned,
    AcceptanceTicked,
    DrawingDeleted,
)

__all__ = [
    "ENDS", "KINDS", "LOST", "WAIVED", "AcceptanceLost", "AcceptanceSigned", "AcceptanceTicked", "Basis",
    "DrawingDeleted", "Measured", "SheetFigures",
]  # fmt: skip
