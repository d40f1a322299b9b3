"""Which failed rows a run is about: those that are due, or, if the user says so, all of them."""

from __future__ import annotations

from collections.abc import Sequence

from flows.attempts import Attempt
from flows.library_counts import errors_of
from flows.session import Session
from tasks.errors import ErrorType
from tasks.notion.schema import Field
from tasks.planning import Action
from tasks.tracks import Track

__all__ = ["only_failed", "resting"]


def only_failed(session: Session, tracks: Sequence[Track], error: ErrorType | None) -> list[Track]:
    """The rows that failed before, with `error` if it is given (`sync --retry-failed`).

    By the status the row shows; where the status property cannot show an error, by this
    machine's journal.
    """
    return [track for track in tracks if _has_failed(session, track, error)]


def _has_failed(session: Session, track: Track, error: ErrorType | None) -> bool:
    shown = set(errors_of(track))
    if not shown and not _shows_errors(session):
        known = session.attempts.knows(track.page_id)
        shown = {known.value} if known else set()
    return bool(shown) if error is None else error.value in shown


def resting(session: Session, track: Track, action: Action) -> Attempt | None:
    """The attempt for whose sake the row is left alone today, None if it is to be tried.

    Only downloads rest: what is in Eagle or on the disk is taken at once. Who clears the error in
    the row's status asks for another attempt.
    """
    if action is not Action.DOWNLOAD or session.retries_failed:
        return None
    attempt = session.attempts.resting(track)
    if attempt is None:
        return None
    was_cleared = _shows_errors(session) and attempt.error.value not in errors_of(track)
    return None if was_cleared else attempt


def _shows_errors(session: Session) -> bool:
    """A `status` property has our errors only as "Failed"."""
    schema = session.schema
    return Field.STATUS in schema and schema[Field.STATUS].type != "status"
