"""`python -m candlewick`: the same as the `candlewick` command."""

from candlewick.cli import main

if __name__ == "__main__":
    main()
