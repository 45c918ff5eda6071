"""The service's sign of life: a write that proves that the database takes writes, and tells when that was."""

from sqlalchemy import delete, insert

from digitd.store.database import Database
from digitd.store.tables import service
from digitd.stored import LastService


class Beats(Database):
    """Which service writes into this database, and when it last did so for no other reason."""

    def beat(self, sign: LastService) -> None:
        """Put sign in the place of the one before."""
        with self._writing() as connection:
            connection.execute(delete(service))
            connection.execute(
                insert(service).values(
                    id=1,
                    holder=sign.holder,
                    version=sign.version,
                    model=sign.model,
                    started_at=sign.started_at,
                    beat_at=sign.beat_at,
                )
            )
