"""`python -m infraplan`."""

from infraplan.cli import main

main()
