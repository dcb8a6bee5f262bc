# Every name of `import econmodel as em`, written once: for the reader, the type checker, and `__init__.py`.

from . import arrangements as arrangements
from . import charts as charts
from . import estimators as estimators
from . import forms as forms
from . import outputs as outputs
from . import relationships as relationships
from . import tables as tables
from . import worlds as worlds
from .economies.core.measure import contrast as contrast
from .economies.core.support import support as support
from .economies.decomposition import decompose as decompose
from .economies.density import density as density
from .economies.gaps import gaps as gaps
from .economies.hypotheses import test as test
from .economies.imposition import impose as impose
from .economies.influence import influence as influence
from .economies.learning import learning as learning
from .economies.marginal_cost import marginal_cost as marginal_cost
from .economies.marginal_cost import unit_cost as unit_cost
from .economies.power import power as power
from .economies.regularity import regularity as regularity
from .economies.relationships.slopes import relationship as relationship
from .economies.scale import scale as scale
from .economies.scope import scope as scope
from .economies.selection import select as select
from .economies.sensitivity import sensitivity as sensitivity
from .economies.separation import compare as compare
from .economies.separation import separate as separate
from .estimate.fitting import fit as fit
from .report.finding import fact as fact
from .report.finding import finding as finding
from .report.finding import qa as qa
from .results import Table as Table
from .results import format_number as format_number
from .table.cost_data import CostData as CostData
from .table.cost_data import read as read
from .table.roles import Outcome as Outcome
from .table.roles import Output as Output
from .table.roles import Price as Price
from .table.roles import Relationship as Relationship
from .table.shipped import catalogue as catalogue
from .table.shipped import load as load

__version__: str
