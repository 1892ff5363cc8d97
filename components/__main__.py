"""`python -m components`: questions about the settings, without Pulumi."""

import sys

from components.cli import main

sys.exit(main(sys.argv[1:]))
