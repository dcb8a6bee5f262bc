"""Scale, scope and relationship in the cost of services."""
