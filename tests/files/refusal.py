"""What a call is refused with."""

from __future__ import annotations

from emgkit.errors import EmgkitError


def refusal(call):
    """Return the message of a refusal, empty when there is none; any other error goes through."""
    try:
        call()
    except EmgkitError as error:
        return str(error)
    return ""
