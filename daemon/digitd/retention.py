"""Deleting what need not be kept any longer: originals in the archive, pictures in the database. Off unless asked."""

import time
from datetime import UTC, datetime, timedelta

from digitd.config import Config
from digitd.intake import archive
from digitd.logs import log
from digitd.store import Store

#: Seconds between two looks for what is too old.
PACE_SECONDS = 6 * 3600.0


class Retention:
    """Looks now and then, in the service's loop, and deletes a batch at a time, so that documents need not wait.

    Parameters
    ----------
    config
        What is kept, and the folders.
    store
        The open database.
    """

    def __init__(self, config: Config, store: Store) -> None:
        self._config = config
        self._store = store
        self._due = 0.0
        self._after_id = 0
        self._forgotten_id = 0

    def due(self) -> float:
        """When there may be something to delete, on the steady clock; never, where nothing is asked for."""
        keep = self._config.keep
        return self._due if keep.archive_days or keep.pictures_days else float("inf")

    def step(self) -> None:
        """Delete a batch, if it is time to.

        Raises
        ------
        DatabaseError
            The database takes no writes.
        """
        if time.monotonic() < self.due():
            return
        keep, now = self._config.keep, datetime.now(UTC)
        more = False
        if keep.archive_days:
            more |= self._delete_originals(now - timedelta(days=keep.archive_days))
        if keep.pictures_days:
            self._forgotten_id = self._store.forget_pictures(
                now - timedelta(days=keep.pictures_days), after_id=self._forgotten_id
            )
            more |= bool(self._forgotten_id)
            if self._forgotten_id:
                log().info("pictures_deleted", up_to=self._forgotten_id)
        if not more:
            self._due = time.monotonic() + PACE_SECONDS
            self._after_id = 0

    def _delete_originals(self, moment: datetime) -> bool:
        """Delete the files of a batch of documents; whether there was one."""
        found = list(self._store.finished_before(moment, after_id=self._after_id))
        for document in found:
            try:
                path = archive.find(document, self._config.var)
                if path is not None:
                    path.unlink()
                    log().info("original_deleted", document=document.name, id=document.id)
            except OSError as fault:
                log().error("original_not_deleted", document=document.name, id=document.id, reason=fault.strerror)
        self._after_id = found[-1].id if found else 0
        return bool(found)
