"""``python -m crosscors``: the same as the command ``crosscors``."""

from crosscors.cli import main

if __name__ == "__main__":
    main()
