"""Mergers: their factors, their money, and what they would have to save."""
