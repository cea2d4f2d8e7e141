"""The Compare page: all runs in a table, several beside each other, seeds, sweeps and races."""
