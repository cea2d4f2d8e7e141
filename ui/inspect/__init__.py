"""The pieces of the Inspect page."""
