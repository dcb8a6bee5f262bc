"""Cost and its shares as one system of equations."""
