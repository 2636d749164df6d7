"""What the bundled examples are called in the user's language."""

from __future__ import annotations

from ..translation import translate
from .examples import EXAMPLES


def bundled() -> list[tuple[str, str, str]]:
    """File, name and what it is of each bundled example."""
    return [(file, translate("Examples", name), translate("Examples", about)) for file, name, about in EXAMPLES]
