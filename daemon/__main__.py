"""``python -m daemon`` is ``visaged``."""

from daemon.cli import main

if __name__ == "__main__":
    main()
