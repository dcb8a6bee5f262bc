"""Several outputs: what making them together, splitting them or growing into them does to cost."""
