"""`python -m keybound`."""

from keybound.cli import main

if __name__ == "__main__":
    main()
