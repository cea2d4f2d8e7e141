"""The parts of the Draw page, a file each."""
