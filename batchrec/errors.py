"""The one error type whose message is written for the person at the terminal."""


class BatchrecError(Exception):
    """Something a person has to act on: says what happened, where, and what to do.

    The command line prints the message without a traceback and exits with 1.
    """
