"""The Inspect page's parts, one file for each."""
