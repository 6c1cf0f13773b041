"""``python -m eventstudy``: the command line."""

from eventstudy.cli.app import main

if __name__ == "__main__":
    main()
