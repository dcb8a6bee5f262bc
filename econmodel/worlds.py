"""Stated worlds: cost functions with known parameters, and providers that are simulated from them."""

from econmodel.arrangements.worlds import sectors, unpaid
from econmodel.simulation import case_mix, simulate, staffing, state

__all__ = ["case_mix", "sectors", "simulate", "staffing", "state", "unpaid"]
