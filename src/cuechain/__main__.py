"""`python -m cuechain` is the command line."""

from cuechain.agents.cli import main

main()
