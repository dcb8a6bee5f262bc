"""Instruments for what is chosen with cost in mind."""
