import xml.etree.ElementTree as ElementTree

import networkx as nx
import pytest
from PySide6.QtGui import QImage

from gradstep.gui.canvas import GraphCanvas
from gradstep.gui.export import export_canvas
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
    with pytest.raises(OSError, match="cannot be written"):
        export_canvas(canvas, tmp_path / "nowhere" / "graph.png")
