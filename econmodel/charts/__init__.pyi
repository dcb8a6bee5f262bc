# Every chart, written once: for the reader, the type checker, and `__init__.py`.

from .bars import outcome_revenue as outcome_revenue
from .bars import separation as separation
from .bundles import complementarity_map as complementarity_map
from .bundles import subadditivity_surface as subadditivity_surface
from .by_number import power as power
from .by_number import reserves as reserves
from .costs_along import arrangements as arrangements
from .costs_along import coproduction as coproduction
from .curves import cost_curve as cost_curve
from .forests import forest as forest
from .maps import scope_map as scope_map
from .sizes import relationship_against_size as relationship_against_size
from .structures import configuration as configuration
from .theme import enable as enable
from .theme import save as save
from .theme import svg as svg
from .waterfalls import merger as merger
from .waterfalls import waterfall as waterfall
