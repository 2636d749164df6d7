"""What a typed index means: which plane of a value it shows. No Qt."""

from __future__ import annotations

from gradstep.engine.tape.overview import Plane

from ..translation import translate

_HERE = "Slices"


def plane_of(text: str, shape: tuple[int, ...], now: Plane) -> Plane:
    """The plane that an index such as ``[..., 3, :]`` names, as NumPy reads it; negative numbers count from the end, ``.T`` behind it
    turns the plane. Of more than two free dimensions the last two are shown, and the others stay where they are ``now``.

    ValueError, for people, where the index names nothing.
    """
    body, turned = text.strip(), False
    if body.endswith(".T"):
        body, turned = body[:-2].strip(), True
    body = body.removeprefix("[").removesuffix("]").strip()
    words = [word.strip() for word in body.split(",")] if body else []
    if words and not words[-1]:
        words.pop()  # a comma behind the last, as tuples have it
    if words.count("...") > 1:
        raise ValueError(translate(_HERE, "one ... is enough"))
    if "..." not in words:
        words.append("...")
    missing = len(shape) - (len(words) - 1)
    if missing < 0:
        raise ValueError(translate(_HERE, "{0} indices for {1} dimensions").format(len(words) - 1, len(shape)))
    place = words.index("...")
    words[place : place + 1] = [":"] * missing
    at, free = list(now.at), []
    for dim, (word, size) in enumerate(zip(words, shape, strict=True)):
        if word == ":":
            free.append(dim)
            continue
        try:
            index = int(word)
        except ValueError:
            raise ValueError(translate(_HERE, "{0!r} is no index: write a number, : or ...").format(word)) from None
        if not -size <= index < size:
            raise ValueError(translate(_HERE, "{0} is out of range: dimension {1} has {2}").format(index, dim, size))
        at[dim] = index % size
    rows, columns = (free[-2] if len(free) > 1 else None), (free[-1] if free else None)
    if turned:
        rows, columns = columns, rows
    return Plane(rows, columns, tuple(at))


def element_of(text: str, shape: tuple[int, ...]) -> tuple[int, ...]:
    """The index of one element, typed as ``3, -1, 7`` or ``[3, -1, 7]``; one number alone counts the elements in C order.

    ValueError, for people, where there is no such element.
    """
    words = text.replace("[", " ").replace("]", " ").replace(",", " ").split()
    try:
        index = [int(word) for word in words]
    except ValueError:
        raise ValueError(translate(_HERE, "an index is made of whole numbers")) from None
    count = 1
    for size in shape:
        count *= size
    if len(index) == 1 and len(shape) != 1:
        if not -count <= index[0] < count:
            raise ValueError(translate(_HERE, "there are {0} elements").format(count))
        rest, found = index[0] % count, []
        for size in reversed(shape):
            rest, one = divmod(rest, size)
            found.append(one)
        return tuple(reversed(found))
    if len(index) != len(shape):
        raise ValueError(translate(_HERE, "{0} indices for {1} dimensions").format(len(index), len(shape)))
    for dim, (one, size) in enumerate(zip(index, shape, strict=True)):
        if not -size <= one < size:
            raise ValueError(translate(_HERE, "{0} is out of range: dimension {1} has {2}").format(one, dim, size))
    return tuple(one % size for one, size in zip(index, shape, strict=True))
