"""Pictures of results: one theme, every chart described, nothing loaded before the first chart."""

from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from econmodel.charts.arrangement_lines import arrangements
    from econmodel.charts.complement_cells import complementarity_map
    from econmodel.charts.forest_plot import forest
    from econmodel.charts.gap_waterfall import waterfall
    from econmodel.charts.merger_waterfall import merger
    from econmodel.charts.power_curve import power
    from econmodel.charts.purse_and_society import coproduction
    from econmodel.charts.ratio_by_size import relationship_against_size
    from econmodel.charts.reserve_curve import reserves
    from econmodel.charts.revenue_bars import outcome_revenue
    from econmodel.charts.scope_cells import scope_map
    from econmodel.charts.separation_bars import separation
    from econmodel.charts.split_cells import subadditivity_surface
    from econmodel.charts.structure_bars import configuration
    from econmodel.charts.theme import enable, save, svg
    from econmodel.charts.unit_cost_curve import cost_curve

    __all__ = [
        "arrangements",
        "complementarity_map",
        "configuration",
        "coproduction",
        "cost_curve",
        "enable",
        "forest",
        "merger",
        "outcome_revenue",
        "power",
        "relationship_against_size",
        "reserves",
        "save",
        "scope_map",
        "separation",
        "subadditivity_surface",
        "svg",
        "waterfall",
    ]
else:
    # Files are not named like their functions: an imported submodule would take the function's place here.
    _HOMES = {
        "arrangements": "arrangement_lines",
        "complementarity_map": "complement_cells",
        "configuration": "structure_bars",
        "coproduction": "purse_and_society",
        "cost_curve": "unit_cost_curve",
        "enable": "theme",
        "forest": "forest_plot",
        "merger": "merger_waterfall",
        "outcome_revenue": "revenue_bars",
        "power": "power_curve",
        "relationship_against_size": "ratio_by_size",
        "reserves": "reserve_curve",
        "save": "theme",
        "scope_map": "scope_cells",
        "separation": "separation_bars",
        "subadditivity_surface": "split_cells",
        "svg": "theme",
        "waterfall": "gap_waterfall",
    }
    __all__ = sorted(_HOMES)

    def __getattr__(name: str) -> object:
        if name not in _HOMES:
            raise AttributeError(f"econmodel.charts has no {name!r}; it has: {', '.join(__all__)}")
        from importlib import import_module

        from econmodel.errors import needs

        needs("charts")
        return getattr(import_module(f"econmodel.charts.{_HOMES[name]}"), name)

    def __dir__() -> list[str]:
        return __all__
