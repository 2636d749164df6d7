"""The states of the window that are pictured: how a window is brought to each, by real programs that run, end and fail.

A scene brings one window from state to state and yields the name of each, with the widget that is to be pictured where it is not the
whole window. Its names stand beside it, so that one of them can be asked for alone.
"""

from __future__ import annotations

import os
import signal
from collections.abc import Callable, Iterator
from pathlib import Path

from PySide6.QtWidgets import QWidget
from window_stage import Stage
from window_troubles import TROUBLES

from gradstep.engine.debug.breakpoints import BreakKind
from gradstep.engine.debug.states import ENDED, RUNNING, State
from gradstep.gui.frame.dialogs import about
from gradstep.gui.guide.examples import FOLDER as EXAMPLES
from gradstep.gui.models.steps import op_values
from gradstep.gui.preferences.schema import Page

Shown = tuple[str, QWidget | None]
Scene = Callable[[Stage], Iterator[Shown]]

HEADER = "import torch\nx = torch.ones(2, requires_grad=True)\n"
CRASH = f"{HEADER}import os\n(x * 2).sum().backward()\nos.abort()\n"
FOREVER = f"{HEADER}import time\nloss = (x * 2).sum()\nloss.backward()\nwhile True:\n    x = (x * 1.0).detach()\n    time.sleep(0.001)\n"
SLOW = f"""{HEADER}import time
class Slow(torch.autograd.Function):
    @staticmethod
    def forward(context, a):
        return a * 2
    @staticmethod
    def backward(context, gradient):
        while True:
            time.sleep(0.05)
Slow.apply(x).sum().backward()
"""
SILENT = f"{HEADER}(x * 2).sum().backward()\nsum(range(10**12))  # native code that holds the interpreter\n"
GREEDY = f"{HEADER}(x * 2).sum().backward()\nkept = []\nwhile True:\n    kept.append(bytearray(8 << 20))\n"
WRONG = "import torch\nx = torch.ones(2, requires_grad=True\nx.sum().backward()\n"
MISSING = "import einops_of_nobody\n"
PRINTING = "print('nothing is computed here')\n"
LONG_NAME = "a_module_with_a_name_that_says_everything_about_what_it_does_and_more.py"
LONG = """import torch
class AnExceptionWithMuchToSay(Exception):
    pass
x = torch.ones(2, requires_grad=True)
x.sum().backward()
raise AnExceptionWithMuchToSay(" ".join(f"The value of field {i} is not what the schema of version 2 asks for." for i in range(20)))
"""
NETWORK = """import torch
from torch import nn

torch.manual_seed(0)


class Block(nn.Module):
    def __init__(self, channels):
        super().__init__()
        self.first = nn.Conv2d(channels, channels, 3, padding=1)
        self.second = nn.Conv2d(channels, channels, 3, padding=1)

    def forward(self, x):
        return (x + self.second(self.first(x).relu())).relu()


class Network(nn.Module):
    def __init__(self):
        super().__init__()
        self.stem = nn.Conv2d(3, 8, 3, padding=1)
        self.blocks = nn.Sequential(*[Block(8) for _ in range(4)])
        self.head = nn.Linear(8, 64)

    def forward(self, x):
        return self.head(self.blocks(self.stem(x)).mean(dim=(2, 3)))


model = Network()
ramp = torch.linspace(-1, 1, 32)
images = torch.stack([torch.stack([ramp.reshape(32, 1) * ramp, (3 * ramp).sin().reshape(32, 1) + 0 * ramp, ramp * k]) for k in
                      (torch.ones(32, 1), -torch.ones(32, 1), 2 * torch.ones(32, 1), torch.zeros(32, 1))])
optimizer = torch.optim.SGD(model.parameters(), lr=0.05)
for step in range(3):
    optimizer.zero_grad()
    logits = model(images)
    loss = ((logits - 1) ** 2).mean() + logits.softmax(dim=1).log().mean()
    loss.backward()
    optimizer.step()
"""
PANELS = (
    "events", "source", "step", "tensor", "timeline", "hooks", "alerts", "explanations", "history", "breakpoints", "watches", "what_if",
    "contributions", "flow", "statistics", "compare", "ranks", "stack", "console", "output", "notes", "find", "plugins",
)  # fmt: skip
SCENES: list[tuple[tuple[str, ...], Scene]] = []


def scene(*names: str) -> Callable[[Scene], Scene]:
    """Pictures of these names."""

    def note(made: Scene) -> Scene:
        SCENES.append((names, made))
        return made

    return note


# ------------------------------------------------------------------------------------------------------------- without a program


@scene("welcome", "welcome_recent", "refused", "palette", "quick_open_empty", "run_without_script")
def _welcome(stage: Stage) -> Iterator[Shown]:
    window = stage.window
    yield "welcome", None
    window.welcome.show_recent([Path("/home/ada/project/train.py"), Path("/home/ada/runs/monday.gst"), Path("/home/ada") / LONG_NAME])
    yield "welcome_recent", None
    window.open_file("/home/ada/project/train.py")
    yield "refused", None
    window.message.clear()
    stage.press("palette")
    yield "palette", None
    window.around.palette.chooser.close_()
    window.welcome.show_recent([])  # those above were shown and never opened
    stage.press("quick_open")
    yield "quick_open_empty", None
    window.around.quick_open.chooser.close_()
    stage.press("run_configuration")
    yield "run_without_script", window.runs.dialog


@scene(*(f"preferences_{page.name.lower()}" for page in Page), "preferences_search")
def _preferences(stage: Stage) -> Iterator[Shown]:
    for page in Page:
        yield f"preferences_{page.name.lower()}", stage.window.around.show_preferences(page)
    shown = stage.window.around.show_preferences()
    shown.field.setText("colour")
    yield "preferences_search", shown


@scene("shortcuts", "op_reference", "op_reference_search", "about")
def _help(stage: Stage) -> Iterator[Shown]:
    yield "shortcuts", stage.window.around.show_sheet()
    pages = stage.window.guide.show_ops("addmm")
    yield "op_reference", pages
    pages.field.setText("soft")
    yield "op_reference_search", pages
    yield "about", about(stage.window)


# ---------------------------------------------------------------------------------------------------------------- a program runs


def _supervisor(stage: Stage) -> int:
    """The process that starts the program and watches it."""
    supervisor = stage.window.session._supervisor
    assert supervisor is not None
    return int(supervisor._process.processId())


@scene("starting")
def _starting(stage: Stage) -> Iterator[Shown]:
    stage.window.open_file(str(EXAMPLES / "nan.py"))
    stage.until(lambda: stage.window.session.state is State.STARTING)
    os.kill(_supervisor(stage), signal.SIGSTOP)  # so that this state stays
    try:
        yield "starting", None
    finally:
        os.kill(_supervisor(stage), signal.SIGCONT)
    stage.until(lambda: stage.window.session.state is State.PAUSED)


@scene("running_forward", "stopping_offered", "stopped")
def _running(stage: Stage) -> Iterator[Shown]:
    stage.window.open_file(stage.script("endless.py", FOREVER))
    stage.until(lambda: stage.window.session.state is State.PAUSED)
    stage.press("continue")
    stage.until(lambda: stage.window.session.state in RUNNING)
    stage.turn(600)
    yield "running_forward", None
    stage.window.open_file(str(EXAMPLES / "nan.py"))
    yield "stopping_offered", None
    stage.press("stop")
    stage.until(lambda: stage.window.session.state in ENDED and stage.window.model.is_all_here)
    yield "stopped", None


@scene("running_backward", "killed")
def _in_backward(stage: Stage) -> Iterator[Shown]:
    stage.window.open_file(stage.script("slow.py", SLOW))
    stage.until(lambda: stage.window.session.state is State.PAUSED)
    stage.press("continue")
    stage.until(lambda: stage.window.session.state is State.RUNNING_BACKWARD)
    stage.turn(600)
    yield "running_backward", None
    stage.press("kill")
    stage.until(lambda: stage.window.session.state in ENDED)
    yield "killed", None


@scene("not_responding")
def _silent(stage: Stage) -> Iterator[Shown]:
    stage.window.opening.limits["silence"] = 1.0
    stage.window.opening.stop_on_entry = False
    stage.window.open_file(stage.script("silent.py", SILENT))
    stage.until(lambda: stage.window.session.state is State.UNRESPONSIVE)
    yield "not_responding", None
    stage.press("kill")
    stage.until(lambda: stage.window.session.state in ENDED)


@scene("frozen")
def _frozen(stage: Stage) -> Iterator[Shown]:
    stage.window.opening.limits["memory_limit"] = 256 << 20
    stage.window.opening.stop_on_entry = False
    stage.window.open_file(stage.script("greedy.py", GREEDY))
    stage.until(lambda: stage.window.session.state is State.FROZEN)
    yield "frozen", None
    stage.press("kill")
    stage.until(lambda: stage.window.session.state in ENDED)


@scene("paused_forward")
def _paused_forward(stage: Stage) -> Iterator[Shown]:
    stage.window.opening.breakpoints = ({"id": 1, "kind": "node", "target": "tanh"},)
    stage.open("hook.py")
    yield "paused_forward", None


@scene("paused", "paused_in_hook", "console_live", "watches_live", "panel_what_if_live", "rewound", "past", "quick_open", "run_of_script")
def _paused(stage: Stage) -> Iterator[Shown]:
    window = stage.window
    stage.open("hook.py")
    window.watches.add("loss")
    window.watches.add("hidden.grad_fn")
    stage.step(count=3)
    yield "paused", None
    stage.step("step_into", 4)
    yield "paused_in_hook", None
    stage.bring("console")
    console = window.panels.console
    for expression in ("[parameter.shape for parameter in model.parameters()]", "1 / 0"):
        console._field.setText(expression)
        console._field.returnPressed.emit()
        stage.until(lambda: not console._busy)
    yield "console_live", None
    stage.bring("watches")
    yield "watches_live", None
    stage.step("step_out")
    stage.bring("what_if")
    yield "panel_what_if_live", None
    stage.bring("hooks")
    stage.step("step_back")
    yield "rewound", None
    stage.step(count=2)
    stage.press("previous_event")
    stage.press("previous_event")
    yield "past", None
    stage.press("quick_open")
    window.around.quick_open.chooser.field.setText("back")
    window.around.quick_open.chooser._typed("back")
    yield "quick_open", None
    window.around.quick_open.chooser.close_()
    stage.press("run_configuration")
    stage.turn(1500)  # interpreters are asked for what they have
    yield "run_of_script", window.runs.dialog


# -------------------------------------------------------------------------------------------------------------------- explanations


@scene("nan", *(f"panel_{name}" for name in PANELS))
def _alert(stage: Stage) -> Iterator[Shown]:
    """At the first NaN of example 1, with each panel in front."""
    window = stage.window
    stage.open("nan.py")
    stage.step(count=10)
    found = window.navigator.first_alert()
    if found is not None:
        window.navigator.go_to_alert(found)
    stage.bring("alerts")
    yield "nan", None
    window.breakpoints.add(BreakKind.NODE, "LogBackward0", condition="norm > 1e3", hits=">= 2")
    window.breakpoints.add(BreakKind.VALUE, "nonfinite", log="at {node}")
    window.breakpoints.add(BreakKind.HOOK, "AccumulateGrad")
    window.watches.add("loss")
    window.watches.watch_value()
    window.notes.toggle()
    window.panels.notes.show_text("The logarithm is given a zero.\nClamp it, or use log1p.")
    for name in PANELS:
        if name == "find":
            window.panels.find.field.setText("sqrt")
            window.panels.find._ask()
        stage.bring(name)
        yield f"panel_{name}", None


def _explained(name: str, file: str) -> None:
    @scene(name)
    def explain(stage: Stage) -> Iterator[Shown]:
        stage.open(file)
        stage.finish()
        stage.until(lambda: stage.window.panels.explanations.count() > 0)
        stage.bring("explanations")
        yield name, None


for _name, _file in (
    ("explained_nan", "nan.py"), ("explained_none", "none_grad.py"), ("raised", "in_place.py"),
    ("explained_second", "second_backward.py"), ("explained_formula", "wrong_formula.py"), ("explained_ranks", "four_ranks.py"),
    ("explained_double", "double_backward.py"),
):  # fmt: skip
    _explained(_name, _file)


@scene("piled_up", "piled_up_flow", "piled_up_compare")
def _piled(stage: Stage) -> Iterator[Shown]:
    stage.open("accumulate.py")
    stage.finish()
    stage.node("AccumulateGrad")
    stage.bring("contributions")
    yield "piled_up", None
    stage.bring("flow")
    yield "piled_up_flow", None
    stage.press("compare_iterations")
    stage.turn(2500)
    yield "piled_up_compare", None


# --------------------------------------------------------------------------------------------------------------------------- ends


@scene("raised_long", "raised_long_whole")
def _long(stage: Stage) -> Iterator[Shown]:
    stage.window.opening.stop_on_entry = False
    stage.open(stage.script(LONG_NAME, LONG))
    stage.until(lambda: bool(stage.window.message.text))
    yield "raised_long", None
    stage.window.message._turn()
    yield "raised_long_whole", None


def _ended(name: str, file: str, text: str) -> None:
    @scene(name)
    def end(stage: Stage) -> Iterator[Shown]:
        stage.open(stage.script(file, text))
        stage.finish()
        yield name, None


for _name, _file, _text in (("crashed", "crash.py", CRASH), ("wrong_syntax", "wrong.py", WRONG), ("missing_module", "missing.py", MISSING)):
    _ended(_name, _file, _text)


@scene("tape", "tape_damaged", "tape_refused")
def _tape(stage: Stage) -> Iterator[Shown]:
    stage.open("double_backward.py")
    stage.finish()
    tape = stage.window.model.tape
    assert tape is not None
    data = Path(str(tape.path)).read_bytes()
    stage.press("close")
    (stage.folder / "double_backward.gst").write_bytes(data)
    stage.open(str(stage.folder / "double_backward.gst"))
    yield "tape", None
    stage.press("close")
    broken = bytearray(data)
    broken[len(data) * 2 // 3] ^= 0xFF
    (stage.folder / "damaged.gst").write_bytes(bytes(broken))
    stage.open(str(stage.folder / "damaged.gst"))
    yield "tape_damaged", None
    stage.press("close")
    (stage.folder / "picture.gst").write_bytes(b"\x89PNG\r\n" + bytes(200))
    stage.window.open_file(str(stage.folder / "picture.gst"))
    yield "tape_refused", None


@scene("empty", *(f"empty_{name}" for name in PANELS))
def _empty(stage: Stage) -> Iterator[Shown]:
    """Of a script that computes nothing, each panel in front."""
    stage.open(stage.script("printing.py", PRINTING))
    stage.finish()
    yield "empty", None
    for name in PANELS:
        stage.bring(name)
        yield f"empty_{name}", None


# ---------------------------------------------------------------------------------------------------------------------- the graph


@scene(
    "network", "folded", "unfolded", "forward", "both", "beside", "coloured_norm", "coloured_module", "found", "way", "maximised", "busy",
    "tensor_heat", "tensor_table", "tensor_line", "tensor_histogram", "tensor_picture", "tensor_compare", "tensor_locked", "history",
)  # fmt: skip
def _network(stage: Stage) -> Iterator[Shown]:
    window = stage.window
    stage.open(stage.script("network.py", NETWORK))
    stage.step(count=4)
    yield "network", None
    stage.press("fold_all")
    yield "folded", None
    stage.press("unfold_all")
    stage.press("fit")
    yield "unfolded", None
    stage.press("forward_graph")
    yield "forward", None
    stage.press("both_graphs")
    yield "both", None
    stage.press("beside_graphs")
    yield "beside", None
    stage.press("backward_graph")
    stage.press("colour_norm")
    yield "coloured_norm", None
    stage.press("colour_module")
    yield "coloured_module", None
    stage.press("colour_kind")
    window.canvas.setFocus()
    stage.press("find")
    window.page.search.field.setText("conv")
    yield "found", None
    window.reading.finder.close()
    stage.node("MeanBackward")
    stage.press("way_to_parameters")
    yield "way", None
    stage.press("maximise")
    yield "maximised", None
    window.around.layouts.leave()
    window.busy.begin("Arranging 117,214 nodes", 3, 7)
    stage.turn(400)
    yield "busy", None
    window.busy.end()
    stage.finish()
    tape = window.model.tape
    assert tape is not None
    first = next(op for op in tape.ops.values() if op.name.startswith("conv"))
    viewer = window.panels.tensor.viewer
    stage.bring("tensor")
    window.model.select(("op", first.id))
    stage.until(lambda: viewer.source() is not None)
    for name, page in (("heat", "heat map"), ("table", "table"), ("line", "line"), ("histogram", "histogram"), ("picture", "picture")):
        if name == "picture":
            window.model.select_value(next(value for value in op_values(tape, first.id) if value.label.startswith("input 0")))
            stage.settle()
        viewer.show_page(page)
        yield f"tensor_{name}", None
    viewer.show_page("heat map")
    window.model.select_value(op_values(tape, first.id)[0])
    stage.until(lambda: viewer.view.label.startswith("output") and viewer.source() is not None)
    stage.press("pin_value")
    later = [op for op in tape.ops.values() if op.name == first.name][9]
    window.model.select(("op", later.id))
    yield "tensor_compare", None
    stage.until(lambda: viewer.view.val == op_values(tape, later.id)[0].val and viewer.source() is not None)
    stage.press("lock_value")
    yield "tensor_locked", None
    stage.node("AccumulateGrad")
    stage.bring("history")
    yield "history", None


@scene("named", "naming", "named_group", "value_found", "value_found_table", "value_found_wrong")
def _named(stage: Stage) -> Iterator[Shown]:
    window = stage.window
    stage.open(stage.script("network.py", NETWORK))
    stage.step(count=4)
    tape = window.model.tape
    assert tape is not None
    stage.node("MeanBackward")
    current = window.model.current_node
    for key, words in (
        (window.model.selection.key, "loss per picture"), (("node", current), "the gradient stops here"),
        (("leaf", next(id for id, tensor in tape.tensors.items() if tensor.name.endswith("bias"))), "offset"),
    ):  # fmt: skip
        if key is not None:
            window.naming.give(key, words)
    stage.settle()
    yield "named", None
    window.canvas.setFocus()
    stage.press("name")
    yield "naming", window
    window.naming._field.leave()
    stage.press("fold_all")
    stage.settle()
    group = next(key for key in window.canvas.graph if key[0] == "group")
    window.naming.give(group, "what sees edges")
    stage.press("fit")
    stage.settle()
    yield "named_group", None
    stage.finish()
    viewer = window.panels.tensor.viewer
    stage.bring("tensor")
    window.model.select(("op", next(op for op in tape.ops.values() if op.name.startswith("conv")).id))
    stage.until(lambda: viewer.view.label.startswith("output") and viewer.source() is not None)
    stage.press("fit")  # what is in view depends on how quickly the program went through its passes
    stage.settle()
    viewer.finding.start_search()
    viewer.finding.bar.field.setText("abs > 1.5")
    stage.until(lambda: viewer.finding.hunt is not None and viewer.finding.hunt.is_over)
    viewer.finding.find_next()
    yield "value_found", None
    viewer.show_page("table")
    yield "value_found_table", None
    viewer.finding.bar.field.setText("1.5 2")
    yield "value_found_wrong", None


@scene("long_run")
def _long_run(stage: Stage) -> Iterator[Shown]:
    stage.open("long_run.py")
    stage.step(count=2)
    stage.press("fold_all")
    yield "long_run", None


@scene("tour", "tour_last", "what_to_find")
def _tour(stage: Stage) -> Iterator[Shown]:
    stage.open("nan.py")
    tour = stage.window.guide.tour
    tour.open()
    yield "tour", None
    for _ in range(4):
        tour._next()
    yield "tour_last", None
    tour.leave()
    stage.press("what_to_find")
    yield "what_to_find", None


SCENES += TROUBLES
NAMES = tuple(name for names, _ in SCENES for name in names)
