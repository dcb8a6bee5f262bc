"""Relationships with those served: what they cost, what they save, and whether they scale."""
