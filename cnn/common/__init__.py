"""What every package uses: atomic file writes, progress callbacks, texts, paths, smoothing."""
