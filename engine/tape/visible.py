"""Text of strangers' tapes and scripts for a terminal or a window: what cannot be seen, or turns what stands beside it, is written out."""

from __future__ import annotations

import re

_HIDDEN = re.compile(
    "[\x00-\x1f\x7f-\x9f"  # controls: a terminal obeys them
    "\u061c\u200b\u200e\u200f\u202a-\u202e\u2060-\u206f\ufeff\ufff9-\ufffb\U000e0000-\U000e007f"  # no width, or another direction
    "\u2028\u2029\ud800-\udfff]"  # line ends; halves of characters, which no file takes
)


def visible(text: str, keep: str = "") -> str:
    """The text with ``\\x1b``, ``\\u202e`` and so on in place of what is not to be seen. It stays one line, but for what is in ``keep``.

    What joins letters (U+200C, U+200D) is part of words in many languages, and stays."""
    if text.isascii() and text.isprintable():
        return text
    return _HIDDEN.sub(lambda found: found[0] if found[0] in keep else found[0].encode("unicode_escape").decode(), text)


def shown(text: str) -> str:
    """Text of a tape for a window: lines and tabs stay."""
    return text if text.isascii() and text.isprintable() else visible(text, keep="\n\r\t")
