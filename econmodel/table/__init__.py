"""A table of providers and the role of each column."""
