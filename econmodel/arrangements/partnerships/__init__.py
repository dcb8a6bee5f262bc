"""Partnerships: four arrangements on one scale, trust, tenders, and one worker for several services."""
