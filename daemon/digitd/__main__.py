"""`python -m digitd`: the same as the command."""

from digitd.cli import main

main()
