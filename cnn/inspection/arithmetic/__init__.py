"""How one output value came about, as numbers that add up."""
