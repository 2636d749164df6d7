import xml.etree.ElementTree as ElementTree
from pathlib import Path

import networkx as nx
import pytest
from PySide6.QtCore import QPointF
from PySide6.QtGui import QImage, QPainter

from gradstep.gui.canvas import GraphCanvas
from gradstep.gui.canvas.vector import Vector
from gradstep.gui.files.export import export_canvas
from gradstep.gui.files.file_commands import in_form
from gradstep.plugins.layouts import layered_layout


@pytest.fixture
def canvas(qtbot):
    canvas = GraphCanvas()
    qtbot.addWidget(canvas)
    canvas.resize(400, 300)
    graph = nx.DiGraph()
    for number, label in ((1, "Sum"), (2, "Mul")):
        graph.add_node(("node", number), label=label, op=label.lower(), kind="function", detail="3", sequence=number)
    graph.add_edge(("node", 1), ("node", 2), slots=[(0, 0)], kind="gradient")
    canvas.show_graph(graph, layered_layout)
    return canvas


def test_a_png_has_the_size_and_the_colours_of_the_canvas(canvas, tmp_path):
    export_canvas(canvas, tmp_path / "graph.png")
    image = QImage(str(tmp_path / "graph.png"))
    assert image.width() >= 400
    assert len({image.pixelColor(x, image.height() // 2).name() for x in range(image.width())}) > 1


def test_an_svg_is_well_formed_and_as_large_as_the_canvas(canvas, tmp_path):
    export_canvas(canvas, tmp_path / "graph.svg")
    root = ElementTree.parse(tmp_path / "graph.svg").getroot()
    assert root.tag.endswith("svg")
    assert root.get("viewBox") == "0 0 400 300"


def test_an_svg_keeps_its_text_and_no_pixels(canvas, tmp_path):
    export_canvas(canvas, tmp_path / "graph.svg")
    root = ElementTree.parse(tmp_path / "graph.svg").getroot()
    texts = {"".join(element.itertext()).strip() for element in root.iter() if element.tag.endswith("}text")}
    assert {"Sum", "Mul"} <= texts
    assert [element for element in root.iter() if element.tag.endswith("}image")] == []
    assert "<path" in (tmp_path / "graph.svg").read_text() or "<polyline" in (tmp_path / "graph.svg").read_text()


def test_a_whole_graph_is_saved_from_wherever_the_view_stands(canvas, tmp_path):
    canvas.zoom_by(4.0, QPointF(0, 0))
    canvas.pan(5000, 5000)
    export_canvas(canvas, tmp_path / "view.svg")
    export_canvas(canvas, tmp_path / "whole.svg", whole=True)
    assert "Mul" not in (tmp_path / "view.svg").read_text()
    assert "Mul" in (tmp_path / "whole.svg").read_text()
    export_canvas(canvas, tmp_path / "whole.png", whole=True)
    assert QImage(str(tmp_path / "whole.png")).height() > 60


def test_strokes_and_pixels_show_the_same(canvas, tmp_path):
    canvas.settle()
    shown = canvas.grab().toImage()
    vector = Vector(*canvas.drawn, whole=False)
    drawn = QImage(vector.size, QImage.Format.Format_RGB32)
    painter = QPainter(drawn)
    vector.paint(painter)
    painter.end()
    x, y = canvas.rect_of(("node", 1)).center().toTuple()
    area = [(x + dx, y + dy) for dx in range(-30, 31, 3) for dy in range(-12, 13, 3)]
    different = [at for at in area if abs(shown.pixelColor(*at).lightness() - drawn.pixelColor(*at).lightness()) > 60]
    assert len(different) < len(area) / 10


def test_what_stood_there_is_kept_where_saving_fails(canvas, tmp_path):
    file = tmp_path / "graph.svg"
    file.write_text("mine")
    canvas.clear()
    with pytest.raises(ValueError, match="no graph"):
        export_canvas(canvas, file)
    assert file.read_text() == "mine"


def test_a_pdf_begins_and_ends_like_one(canvas, tmp_path):
    export_canvas(canvas, tmp_path / "graph.pdf")
    data = (tmp_path / "graph.pdf").read_bytes()
    assert data.startswith(b"%PDF-")
    assert data.rstrip().endswith(b"%%EOF")


@pytest.mark.parametrize("name", ["graph.gif", "graph"])
def test_another_suffix_is_refused_by_name(canvas, tmp_path, name):
    with pytest.raises(ValueError, match=r"\.png, \.svg or \.pdf"):
        export_canvas(canvas, tmp_path / name)


def test_a_folder_that_is_not_there_is_an_os_error(canvas, tmp_path):
    with pytest.raises(OSError, match="nowhere"):
        export_canvas(canvas, tmp_path / "nowhere" / "graph.png")


@pytest.mark.parametrize(
    ("chosen", "kind", "saved"),
    [
        ("/x/graph.svg", "PDF document (*.pdf)", "/x/graph.pdf"),  # only the kind was changed in the dialog
        ("/x/mine", "PNG picture (*.png)", "/x/mine.png"),
        ("/x/mine.pdf", "SVG drawing (*.svg)", "/x/mine.pdf"),  # what the user wrote counts
        ("/x/graph.svg", "SVG drawing (*.svg)", "/x/graph.svg"),
        ("/x/mine", "", "/x/mine"),
    ],
)
def test_a_file_has_the_form_that_was_chosen(chosen, kind, saved):
    assert in_form(Path(chosen), kind, Path("/x/graph.svg")) == Path(saved)
