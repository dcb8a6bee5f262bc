"""Cost frontiers: noise, inefficiency, and levels of providers."""
