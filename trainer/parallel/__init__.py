"""Placement of the run on processes."""
