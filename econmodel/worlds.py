"""Stated worlds: cost functions with known parameters, and providers that are simulated from them."""

from econmodel.arrangements.sectors import sectors
from econmodel.arrangements.unpaid_work.unpaid_world import unpaid
from econmodel.simulation import case_mix, simulate, staffing, state

__all__ = ["case_mix", "sectors", "simulate", "staffing", "state", "unpaid"]
