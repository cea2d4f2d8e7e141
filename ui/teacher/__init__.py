"""Pieces of the teacher's page."""
