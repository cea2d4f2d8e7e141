"""The pieces of Play: the bar, the stage on which everything moves, the knobs, the dares."""
