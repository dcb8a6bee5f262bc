"""Several outputs: whether making them together is cheaper, how, and for which.

>>> from econmodel import outputs
>>> sorted(outputs.__all__)[:3]
['complementarity', 'diversification', 'exhaustion']
"""

from econmodel.economies.outputs.diversification import diversification
from econmodel.economies.outputs.expansion_path import expansion_path
from econmodel.economies.outputs.service_types import exhaustion
from econmodel.economies.outputs.shape import complementarity, trans_ray
from econmodel.economies.outputs.subadditivity import subadditivity
from econmodel.economies.outputs.type_technology import scope_by_type

__all__ = [
    "complementarity",
    "diversification",
    "exhaustion",
    "expansion_path",
    "scope_by_type",
    "subadditivity",
    "trans_ray",
]
