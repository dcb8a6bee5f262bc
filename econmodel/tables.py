"""Further columns and figures: cumulative volume, continuity from contact logs, published figures."""

from econmodel.table.histories import continuity, cumulative
from econmodel.table.shipped import figures

__all__ = ["continuity", "cumulative", "figures"]
