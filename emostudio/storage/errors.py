"""The errors of the database, told as what a caller can act on."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager

from sqlalchemy import exc


class BrokenRuleError(ValueError):
    """What was to be written breaks a rule of the schema; nothing was written."""


class DatabaseDownError(OSError):
    """The database can't be reached or is damaged, or its disk is full; one can try again later."""


@contextmanager
def in_words() -> Iterator[None]:
    """Tell what the database says inside.

    Raises:
        BrokenRuleError: a rule of the schema is broken.
        DatabaseDownError: the database can't be reached or written now, or its file is damaged:
            the fault is not in what was to be written, which must be kept until that is mended.
    """
    try:
        yield
    except (exc.IntegrityError, exc.DataError) as error:
        raise BrokenRuleError(f"This breaks a rule of the database: {error.orig}") from error
    except (exc.OperationalError, exc.InterfaceError, exc.TimeoutError) as error:
        cause = getattr(error, "orig", error)
        raise DatabaseDownError(
            f"The database can't be reached or written now: {cause}. Check its server and the "
            "free space of its disk, then try again."
        ) from error
    except exc.DatabaseError as error:
        if type(error) is not exc.DatabaseError:
            raise  # a mistake of ours
        raise DatabaseDownError(
            f"The database is damaged: {error.orig}. Stop EmoStudio, then make it anew from the "
            "journal: python -m emostudio storage rebuild"
        ) from error
