"""Rows of a table, or words such as "mean", as points at which a fitted cost function is evaluated."""
