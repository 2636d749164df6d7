"""Which groups of a graph are folded, and the graph that is seen then."""

from .folds import Folds
from .groups import Groups, grouped
from .view import fold, way_to

__all__ = ["Folds", "Groups", "fold", "grouped", "way_to"]
