"""Relationships: what cost is associated with them, what they are worth, and where they sit."""

from econmodel.economies.relationships.economies import economies
from econmodel.economies.relationships.outcomes import per_outcome, value
from econmodel.economies.relationships.slopes import scaling
from econmodel.economies.relationships.where import where

__all__ = ["economies", "per_outcome", "scaling", "value", "where"]
