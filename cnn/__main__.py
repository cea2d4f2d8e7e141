"""`python -m cnn`: the command line, which `cnn.cli` holds."""

import sys

from cnn.cli import main

if __name__ == "__main__":
    sys.exit(main())
