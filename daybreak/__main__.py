"""`python -m daybreak`, where the console script is not on PATH."""

from daybreak.cli import main

if __name__ == "__main__":
    main()
