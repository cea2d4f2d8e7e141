"""What every room may use: atomic file writes, progress callbacks, paths."""
