"""What is kept and for how long: copies of the whole database, and pictures that are deleted after their time."""

from collections.abc import Iterator
from datetime import datetime
from pathlib import Path

from sqlalchemy import exists, select, update
from sqlalchemy.exc import DatabaseError as SqlDatabaseError

from digitd.errors import DatabaseError
from digitd.records import DocumentState
from digitd.store.conditions import in_audit
from digitd.store.database import Database, connect, copy_database
from digitd.store.documents import as_document
from digitd.store.tables import documents, fields, glyphs, pages
from digitd.stored import Document

#: Documents whose pictures are deleted in one transaction.
BATCH = 50


class Keeping(Database):
    """Copies, and forgetting."""

    def copy_to(self, path: Path) -> None:
        """Write a whole, compact copy of the database to path, which must not exist, while others go on using it.

        Raises
        ------
        DatabaseError
            It cannot be written, or the copy is damaged.
        """
        try:
            copy_database(self._engine, path)
            copy = connect(f"sqlite:///{path}")
            with copy.connect() as connection:
                found = connection.exec_driver_sql("PRAGMA quick_check").scalar()
            copy.dispose()
        except SqlDatabaseError as fault:
            raise DatabaseError(f"{path}: the copy cannot be written ({fault.orig}). Name another file.") from None
        if found != "ok":
            raise DatabaseError(f"{path}: the copy is damaged ({found}). Look at the disk, and copy again.")

    def finished_before(self, moment: datetime, *, after_id: int) -> Iterator[Document]:
        """Documents that are done and were read before moment, with greater ids than after_id, oldest first."""
        query = (
            select(documents)
            .where(documents.c.state == DocumentState.DONE, documents.c.read_at < moment, documents.c.id > after_id)
            .order_by(documents.c.id)
        )
        with self._reading() as connection:
            rows = connection.execute(query.limit(BATCH)).all()
        yield from map(as_document, rows)

    def forget_pictures(self, moment: datetime, *, after_id: int) -> int:
        """Empty the pictures of fields and glyphs of BATCH documents that are done and were read before moment.

        Those of which a field waits for an audit keep them.

        Values, probabilities and labels stay. Takes documents with greater ids than after_id, and returns the last id
        that had pictures; 0 where none had any.
        """
        theirs = fields.c.page_id == pages.c.id
        pictured = exists().where(theirs, pages.c.document_id == documents.c.id, fields.c.crop != b"")
        audited = exists().where(theirs, pages.c.document_id == documents.c.id, in_audit())
        with self._reading() as connection:
            old = connection.scalars(
                select(documents.c.id)
                .where(documents.c.state == DocumentState.DONE, documents.c.read_at < moment, documents.c.id > after_id)
                .where(pictured, ~audited)  # what is to be keyed must be seen
                .order_by(documents.c.id)
                .limit(BATCH)
            ).all()
        if not old:
            return 0
        with self._writing() as connection:
            chosen = select(fields.c.id).where(theirs, pages.c.document_id.in_(old))
            connection.execute(
                update(glyphs).where(glyphs.c.field_id.in_(chosen)).values(pixels_png=b"", to_look_at=False)
            )
            connection.execute(update(fields).where(fields.c.id.in_(chosen.correlate(None))).values(crop=b""))
        return int(old[-1])
