"""Parts stand side by side without overlap."""

from __future__ import annotations

from itertools import combinations

from gradstep.plugins.layouts.packing import Part, pack


def placed(parts, moves):
    return [(p.left + dx, p.top + dy, p.right + dx, p.bottom + dy) for p, (dx, dy) in zip(parts, moves, strict=True)]


def test_parts_keep_their_gaps_and_fit_into_the_size():
    parts = [Part(-10.0 * k, 5.0, 30.0 + k, 25.0 + 7 * k, k in (2, 5)) for k in range(12)]
    moves, width, height = pack(parts, 20.0, 30.0)
    boxes = placed(parts, moves)
    for a, b in combinations(boxes, 2):
        assert a[2] + 20 <= b[0] or b[2] + 20 <= a[0] or a[3] + 30 <= b[1] or b[3] + 30 <= a[1]
    assert min(box[0] for box in boxes) == 0 == min(box[1] for box in boxes)
    assert max(box[2] for box in boxes) == width
    assert max(box[3] for box in boxes) == height


def test_parts_with_ports_share_the_first_row():
    parts = [Part(0, 0, 500, 10, False), Part(0, 0, 50, 10, True), Part(0, 0, 50, 400, True)]
    boxes = placed(parts, pack(parts, 20.0, 30.0)[0])
    assert [box[:2] for box in boxes[1:]] == [(0, 0), (70, 0)]


def test_nothing_needs_no_room():
    assert pack([], 20.0, 30.0) == ([], 0.0, 0.0)
