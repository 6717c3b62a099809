"""The errors that a command shows as one sentence."""


class GraftError(Exception):
    """Something that the user can put right: one sentence that says what, where and how."""

    exit_code = 1


class UsageError(GraftError):
    """Options that do not go together or have no meaning."""

    exit_code = 2


class GateError(GraftError):
    """A check that was asked for and did not hold: a hash or an answer that differs."""

    exit_code = 3


def one_line(error: BaseException) -> str:
    """The message of a foreign exception as one line, without its stack or its layout."""
    return " ".join(str(error).split()) or type(error).__name__
