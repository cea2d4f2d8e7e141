"""The pieces of the Design page."""
