"""Calls into plug-ins: timed, and what they raise is caught, counted and told; the third failure switches a feature off."""

from __future__ import annotations

import time
import traceback
from collections.abc import Callable, Iterator
from contextlib import AbstractContextManager, contextmanager, nullcontext
from dataclasses import dataclass
from typing import Any

from .catalogue import Feature, features
from .switches import Switches
from .watchdog import TookTooLong

LIMIT = 3  # failures after which a feature is switched off


@dataclass(slots=True)
class Record:
    """How a feature did in this process. ``seconds`` is wall time inside of it, ``slowest`` that of its longest call."""

    calls: int = 0
    seconds: float = 0.0
    slowest: float = 0.0
    failures: int = 0
    error: str = ""  # the last one: its type and message
    details: str = ""  # its traceback


class PluginError(Exception):
    """A feature failed, or could not be loaded; the message says which and why. It was counted already."""


@dataclass(frozen=True, slots=True)
class Failure:
    """What those who listen are told. ``off``: the feature was switched off by it."""

    feature: Feature
    record: Record
    off: bool

    @property
    def sentence(self) -> str:
        """The failure in words."""
        what = f"The {self.feature.kind} {self.feature.name} of {self.feature.package}"
        if self.off:
            return f"{what} failed {self.record.failures} times and was switched off: {self.record.error}"
        return f"{what} failed: {self.record.error}"


def unwatched(feature: Feature) -> AbstractContextManager[None]:
    """Nobody watches a call."""
    return nullcontext()


class Guard:
    """All that is loaded of plug-ins in this process goes through one of these. ``watching`` is entered around each call: a window
    has a watchdog there (``watchdog.py``), a command has Ctrl+C."""

    def __init__(self, switches: Switches | None = None, listener: Callable[[Failure], None] | None = None) -> None:
        self.switches = switches if switches is not None else Switches()
        self.listener = listener
        self.watching: Callable[[Feature], AbstractContextManager[None]] = unwatched
        self.records: dict[str, Record] = {}
        self._loaded: dict[str, Any] = {}

    def enabled(self, group: str) -> list[Feature]:
        """The features of a group that may be used. Strangers' packages are looked at only where one is switched on."""
        return [feature for feature in features(group) if self.switches.is_on(feature)]

    def find(self, group: str, name: str) -> Feature:
        """The enabled feature of that name. Raises PluginError where there is none, with the reason."""
        for feature in features(group):
            if feature.name == name:
                if self.switches.is_on(feature):
                    return feature
                raise PluginError(f"the {feature.kind} {name} of {feature.package} is off: {self.switches.reason(feature)}")
        raise PluginError(f"no plug-in gives {group.rpartition('.')[2]} {name!r}")

    def load(self, feature: Feature) -> Any:
        """What the feature names; its package is imported here. Raises PluginError."""
        if feature.id not in self._loaded:
            with self.inside(feature):
                self._loaded[feature.id] = feature.entry_point().load()
        return self._loaded[feature.id]

    def call(self, feature: Feature, *args: Any, **kwargs: Any) -> Any:
        """Call what the feature names. Raises PluginError for whatever it raises."""
        function = self.load(feature)
        with self.inside(feature):
            return function(*args, **kwargs)

    @contextmanager
    def inside(self, feature: Feature) -> Iterator[None]:
        """A stretch of a feature's code: timed; an Exception in it, or that it took too long, is counted and comes out as a PluginError."""
        if not self.switches.is_on(feature):
            raise PluginError(f"the {feature.kind} {feature.name} of {feature.package} is off: {self.switches.reason(feature)}")
        record = self.records.setdefault(feature.id, Record())
        began = time.perf_counter()
        try:
            with self.watching(feature):
                yield
        except PluginError:
            raise
        except (Exception, TookTooLong) as error:
            self.failed(feature, f"{type(error).__name__}: {error}", "".join(traceback.format_exception(error)))
            raise PluginError(f"the {feature.kind} {feature.name} of {feature.package} failed: {record.error}") from error
        finally:
            took = time.perf_counter() - began
            record.calls += 1
            record.seconds += took
            record.slowest = max(record.slowest, took)

    def failed(self, feature: Feature, error: str, details: str) -> Failure:
        """Count a failure that was caught elsewhere, or that came out of another process: its type and message, its traceback."""
        record = self.records.setdefault(feature.id, Record())
        record.failures += 1
        record.error, record.details = error, details
        off = record.failures >= LIMIT and self.switches.is_on(feature)
        if off:
            self.switches.switch(feature, False, f"switched off after {record.failures} failures; the last: {record.error}")
        failure = Failure(feature, record, off)
        if self.listener is not None:
            self.listener(failure)
        return failure
