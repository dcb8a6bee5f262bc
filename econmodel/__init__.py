"""Scale, scope and relationship in the cost of services.

>>> import econmodel as em
>>> schools = em.load("california_schools")
>>> fit = em.fit(schools, form="translog")
>>> separation = em.separate(fit, replications=19)

Nothing else is loaded by `import econmodel`: each name below is fetched from its room when it is first used.
"""

from typing import TYPE_CHECKING

from econmodel.version import __version__ as __version__

if TYPE_CHECKING:
    from econmodel import charts as charts
    from econmodel.arrangements.care import connected_care as connected_care
    from econmodel.arrangements.envelopment import merger_envelopment as merger_envelopment
    from econmodel.arrangements.merging import merger as merger
    from econmodel.arrangements.partnering import partner as partner
    from econmodel.arrangements.pay_back import saving_needed as saving_needed
    from econmodel.arrangements.payment_by_results.chain import Tier as Tier
    from econmodel.arrangements.payment_by_results.explained_outcomes import explain_outcomes as explain_outcomes
    from econmodel.arrangements.payment_by_results.payment import pay_by_results as pay_by_results
    from econmodel.arrangements.payment_by_results.supply_chain import supply_chain as supply_chain
    from econmodel.arrangements.sectors import simulate_sectors as simulate_sectors
    from econmodel.arrangements.structure.commission import Reserved as Reserved
    from econmodel.arrangements.structure.configuration import configure as configure
    from econmodel.arrangements.trust import Transactions as Transactions
    from econmodel.arrangements.trust import Trust as Trust
    from econmodel.arrangements.trust import tenders as tenders
    from econmodel.arrangements.unpaid_work.coproduction import coproduce as coproduce
    from econmodel.arrangements.unpaid_work.unpaid_world import simulate_unpaid as simulate_unpaid
    from econmodel.economies.core.measure import contrast as contrast
    from econmodel.economies.core.support import support as support
    from econmodel.economies.decomposition import decompose as decompose
    from econmodel.economies.density import density as density
    from econmodel.economies.gaps import gaps as gaps
    from econmodel.economies.hypotheses import test as test
    from econmodel.economies.imposition import impose as impose
    from econmodel.economies.influence import influence as influence
    from econmodel.economies.learning import learning as learning
    from econmodel.economies.marginal_cost import marginal_cost as marginal_cost
    from econmodel.economies.marginal_cost import unit_cost as unit_cost
    from econmodel.economies.nested_forms import nested_forms as nested_forms
    from econmodel.economies.outputs.diversification import diversification as diversification
    from econmodel.economies.outputs.expansion_path import expansion_path as expansion_path
    from econmodel.economies.outputs.service_types import exhaustion as exhaustion
    from econmodel.economies.outputs.shape import complementarity as complementarity
    from econmodel.economies.outputs.shape import trans_ray_convexity as trans_ray_convexity
    from econmodel.economies.outputs.subadditivity import subadditivity as subadditivity
    from econmodel.economies.outputs.type_technology import scope_by_type as scope_by_type
    from econmodel.economies.power import power as power
    from econmodel.economies.regularity import regularity as regularity
    from econmodel.economies.relationships.economies import relationship_economies as relationship_economies
    from econmodel.economies.relationships.outcomes import cost_per_outcome as cost_per_outcome
    from econmodel.economies.relationships.outcomes import relationship_value as relationship_value
    from econmodel.economies.relationships.slopes import relationship as relationship
    from econmodel.economies.relationships.slopes import relationship_scaling as relationship_scaling
    from econmodel.economies.relationships.where import where_relationship as where_relationship
    from econmodel.economies.scale import scale as scale
    from econmodel.economies.scope import scope as scope
    from econmodel.economies.selection import select as select
    from econmodel.economies.sensitivity import sensitivity as sensitivity
    from econmodel.economies.separation import compare as compare
    from econmodel.economies.separation import separate as separate
    from econmodel.estimate.fitting import fit as fit
    from econmodel.estimate.frontier.estimator import Frontier as Frontier
    from econmodel.estimate.instruments.control_function import ControlFunction as ControlFunction
    from econmodel.estimate.instruments.two_stage import TwoStage as TwoStage
    from econmodel.estimate.system.estimator import System as System
    from econmodel.forms.form import Form as Form
    from econmodel.report.finding import fact as fact
    from econmodel.report.finding import finding as finding
    from econmodel.report.finding import qa as qa
    from econmodel.results import Table as Table
    from econmodel.results import format_number as format_number
    from econmodel.simulation import simulate as simulate
    from econmodel.simulation import simulate_case_mix as simulate_case_mix
    from econmodel.simulation import simulate_staffing as simulate_staffing
    from econmodel.simulation import state as state
    from econmodel.table.cost_data import CostData as CostData
    from econmodel.table.cost_data import read as read
    from econmodel.table.histories import continuity as continuity
    from econmodel.table.histories import cumulative as cumulative
    from econmodel.table.roles import Outcome as Outcome
    from econmodel.table.roles import Output as Output
    from econmodel.table.roles import Price as Price
    from econmodel.table.roles import Relationship as Relationship
    from econmodel.table.shipped import catalogue as catalogue
    from econmodel.table.shipped import figures as figures
    from econmodel.table.shipped import load as load
else:
    # Public name -> the module that holds it. A module that is itself public holds its own name.
    _ROOMS = {
        "read": "table.cost_data",
        "load": "table.shipped",
        "catalogue": "table.shipped",
        "figures": "table.shipped",
        "CostData": "table.cost_data",
        "Output": "table.roles",
        "Price": "table.roles",
        "Relationship": "table.roles",
        "Outcome": "table.roles",
        "fit": "estimate.fitting",
        "TwoStage": "estimate.instruments.two_stage",
        "ControlFunction": "estimate.instruments.control_function",
        "System": "estimate.system.estimator",
        "scale": "economies.scale",
        "scope": "economies.scope",
        "relationship": "economies.relationships.slopes",
        "marginal_cost": "economies.marginal_cost",
        "unit_cost": "economies.marginal_cost",
        "separate": "economies.separation",
        "select": "economies.selection",
        "nested_forms": "economies.nested_forms",
        "scope_by_type": "economies.outputs.type_technology",
        "sensitivity": "economies.sensitivity",
        "influence": "economies.influence",
        "contrast": "economies.core.measure",
        "decompose": "economies.decomposition",
        "support": "economies.core.support",
        "test": "economies.hypotheses",
        "regularity": "economies.regularity",
        "impose": "economies.imposition",
        "trans_ray_convexity": "economies.outputs.shape",
        "complementarity": "economies.outputs.shape",
        "diversification": "economies.outputs.diversification",
        "subadditivity": "economies.outputs.subadditivity",
        "expansion_path": "economies.outputs.expansion_path",
        "density": "economies.density",
        "learning": "economies.learning",
        "relationship_scaling": "economies.relationships.slopes",
        "exhaustion": "economies.outputs.service_types",
        "cumulative": "table.histories",
        "continuity": "table.histories",
        "cost_per_outcome": "economies.relationships.outcomes",
        "relationship_value": "economies.relationships.outcomes",
        "relationship_economies": "economies.relationships.economies",
        "compare": "economies.separation",
        "power": "economies.power",
        "partner": "arrangements.partnering",
        "tenders": "arrangements.trust",
        "connected_care": "arrangements.care",
        "coproduce": "arrangements.unpaid_work.coproduction",
        "simulate_unpaid": "arrangements.unpaid_work.unpaid_world",
        "Trust": "arrangements.trust",
        "Transactions": "arrangements.trust",
        "Tier": "arrangements.payment_by_results.chain",
        "supply_chain": "arrangements.payment_by_results.supply_chain",
        "pay_by_results": "arrangements.payment_by_results.payment",
        "explain_outcomes": "arrangements.payment_by_results.explained_outcomes",
        "gaps": "economies.gaps",
        "simulate_sectors": "arrangements.sectors",
        "configure": "arrangements.structure.configuration",
        "Reserved": "arrangements.structure.commission",
        "merger": "arrangements.merging",
        "merger_envelopment": "arrangements.envelopment",
        "saving_needed": "arrangements.pay_back",
        "Frontier": "estimate.frontier.estimator",
        "where_relationship": "economies.relationships.where",
        "Form": "forms.form",
        "Table": "results",
        "format_number": "results",
        "state": "simulation",
        "simulate": "simulation",
        "simulate_staffing": "simulation",
        "simulate_case_mix": "simulation",
        "charts": "charts",
        "finding": "report.finding",
        "qa": "report.finding",
        "fact": "report.finding",
    }
    __all__ = list(_ROOMS)

    def __getattr__(name):
        if name not in _ROOMS:
            from difflib import get_close_matches

            near = get_close_matches(name, _ROOMS, n=3)
            meant = f"Did you mean {' or '.join(near)}?" if near else f"It has: {', '.join(_ROOMS)}."
            raise AttributeError(f"econmodel has no {name!r}. {meant}")
        from importlib import import_module

        module = import_module(f"econmodel.{_ROOMS[name]}")
        value = module if _ROOMS[name] == name else getattr(module, name)
        globals()[name] = value
        return value

    def __dir__():
        return sorted(["__doc__", "__version__", *__all__])
