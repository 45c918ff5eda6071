"""Who is told of finished documents, and how far. The moves of documents are the outbox: a move is written in the
transaction that made it, so nothing that happened can be missing from it.
"""

from collections.abc import Sequence
from datetime import datetime, timedelta
from typing import Any

from sqlalchemy import Connection, delete, func, insert, or_, select, update

from digitd.records import DocumentState
from digitd.store.database import Database
from digitd.store.tables import deliveries, moves, receivers
from digitd.stored import Delivery

#: Moves into these states are told.
TOLD = (DocumentState.DONE, DocumentState.REVIEW, DocumentState.FAILED)

#: What is not taken is tried again after so long at most.
LONGEST_WAIT = timedelta(minutes=10)


class Outbox(Database):
    """What receivers are still to be told."""

    def enter_receivers(self, names: Sequence[str]) -> None:
        """Remember receivers; one that is new is told of what happens from now on."""
        with self._writing() as connection:
            last = connection.execute(select(func.coalesce(func.max(moves.c.id), 0))).scalar_one()
            known = set(connection.scalars(select(receivers.c.name)))
            for name in names:
                if name not in known:
                    connection.execute(insert(receivers).values(name=name, told_up_to=last))

    def next_delivery(self, receiver: str, *, now: datetime) -> Delivery | None:
        """What receiver is to be told next: what is due to be tried again, or else the oldest it has not been told."""
        again = (
            select(moves.c.id, moves.c.document_id, moves.c.state, moves.c.at, deliveries.c.tries)
            .join(deliveries, deliveries.c.move_id == moves.c.id)
            .where(
                deliveries.c.receiver == receiver,
                or_(deliveries.c.due_at <= now, deliveries.c.due_at > now + LONGEST_WAIT),  # or the clock was set back
            )
            .order_by(deliveries.c.due_at)
            .limit(1)
        )
        with self._reading() as connection:
            row: Any = connection.execute(again).first()
            if row is None:
                told_up_to = connection.execute(
                    select(receivers.c.told_up_to).where(receivers.c.name == receiver)
                ).scalar_one()
                fresh = select(moves.c.id, moves.c.document_id, moves.c.state, moves.c.at).where(
                    moves.c.id > told_up_to, moves.c.state.in_([str(state) for state in TOLD])
                )
                row = connection.execute(fresh.order_by(moves.c.id).limit(1)).first()
            if row is None:
                return None
            return Delivery(
                receiver=receiver,
                move_id=row.id,
                document_id=row.document_id,
                state=DocumentState(row.state),
                at=row.at,
                tries=getattr(row, "tries", 0),
            )

    def delivered(self, delivery: Delivery) -> None:
        """The receiver took it."""
        with self._writing() as connection:
            connection.execute(delete(deliveries).filter_by(receiver=delivery.receiver, move_id=delivery.move_id))
            _told(connection, delivery)

    def put_off(self, delivery: Delivery, fault: str, *, due_at: datetime) -> None:
        """The receiver did not take it; it is tried again at due_at, and what comes after it is not held up."""
        key = {"receiver": delivery.receiver, "move_id": delivery.move_id}
        row = {"tries": delivery.tries + 1, "due_at": due_at, "fault": fault}
        with self._writing() as connection:
            again = update(deliveries).filter_by(**key).values(**row)
            if not connection.execute(again).rowcount:
                connection.execute(insert(deliveries).values(**key, **row))
            _told(connection, delivery)

    def put_off_count(self, receiver: str) -> int:
        """How many moves the receiver has not taken."""
        query = select(func.count()).select_from(deliveries).where(deliveries.c.receiver == receiver)
        with self._reading() as connection:
            return connection.execute(query).scalar_one()

    def next_due(self, receiver: str) -> datetime | None:
        """When something is to be tried again; None where nothing is."""
        query = select(func.min(deliveries.c.due_at)).where(deliveries.c.receiver == receiver)
        with self._reading() as connection:
            return connection.execute(query).scalar_one()


def _told(connection: Connection, delivery: Delivery) -> None:
    connection.execute(
        update(receivers)
        .where(receivers.c.name == delivery.receiver, receivers.c.told_up_to < delivery.move_id)
        .values(told_up_to=delivery.move_id)
    )
