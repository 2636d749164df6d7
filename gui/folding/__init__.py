"""Which groups of a graph are folded, and the graph that is seen then."""

from .folds import FITTING, Folds
from .groups import Groups, grouped, way_to
from .view import fold

__all__ = ["FITTING", "Folds", "Groups", "fold", "grouped", "way_to"]
