"""The pieces of the Learn page."""
