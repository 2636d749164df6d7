"""Finds what was meant: the letters that were typed, in order, best at the beginnings of words."""

from __future__ import annotations

from dataclasses import dataclass
from itertools import pairwise


@dataclass(frozen=True, slots=True)
class Match:
    """How well a text fits, more is better, and which of its letters were meant."""

    score: float
    letters: tuple[int, ...]


def match(query: str, text: str) -> Match | None:
    """How ``text`` fits what was typed; None where it does not. Words may come in any order: "node next" finds Next Node."""
    words = query.casefold().split()
    if not words:
        return Match(0.0, ())
    folded = text.casefold()
    if len(folded) != len(text):  # letters that fold into two would not be where they are shown
        folded = "".join(letter.casefold() if len(letter.casefold()) == 1 else letter for letter in text)
    total, letters = 0.0, set[int]()
    for word in words:
        found = _word(word, text, folded)
        if found is None:
            return None
        total += found.score
        letters.update(found.letters)
    return Match(total - len(text) / 200, tuple(sorted(letters)))


def _begins(text: str, at: int) -> bool:
    """Whether a word begins there: after anything that is no letter or digit, and at a capital after a small letter."""
    if at == 0 or not text[at - 1].isalnum():
        return True
    return (text[at].isupper() and text[at - 1].islower()) or (text[at].isdigit() and not text[at - 1].isdigit())


def _word(word: str, text: str, folded: str) -> Match | None:
    best: Match | None = None
    at = folded.find(word)
    while at >= 0:  # as it was typed, best at the beginning of a word
        score = 10.0 * len(word) + (8.0 if _begins(text, at) else 0.0) + (4.0 if at == 0 else 0.0)
        if best is None or score > best.score:
            best = Match(score, tuple(range(at, at + len(word))))
        if _begins(text, at):
            break
        at = folded.find(word, at + 1)
    if best is not None:
        return best
    letters: list[int] = []
    at = -1
    for letter in word:
        following = folded.find(letter, at + 1)
        if following < 0:
            return None
        near = following
        while near >= 0 and not (near == at + 1 or _begins(text, near)):  # a letter that begins a word, if one comes
            near = folded.find(letter, near + 1)
        remaining = word[len(letters) + 1 :]
        at = near if near >= 0 and _in_order(remaining, folded, near + 1) else following
        letters.append(at)
    score = sum(5.0 if _begins(text, place) else 1.0 for place in letters)
    score += sum(6.0 for one, other in pairwise(letters) if other == one + 1)
    return Match(score - (letters[-1] - letters[0]) / 10, tuple(letters))


def _in_order(word: str, folded: str, at: int) -> bool:
    for letter in word:
        at = folded.find(letter, at) + 1
        if not at:
            return False
    return True
