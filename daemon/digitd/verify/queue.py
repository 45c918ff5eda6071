"""Which fields a verifier sees, and in what order."""

from collections import deque

from digitd.records import FieldState
from digitd.store import Store
from digitd.stored import StoredField


class Queue:
    """The fields in review, least confident first: where time runs out, it was spent where it mattered most.

    Only their ids are held; a field is fetched when its turn comes, because another verifier may have labelled it
    since. New documents are not noticed: a queue is as long as one sitting.
    """

    def __init__(self, store: Store, *, form: str | None = None) -> None:
        self._store = store
        waiting = store.fields(form=form, states=[FieldState.REVIEW])
        self._ids = deque(field_id for _, field_id in sorted((field.confidence, field.id) for field in waiting))

    def __len__(self) -> int:
        return len(self._ids)

    def next(self) -> StoredField | None:
        """The next field that still waits, with its evidence; None when there is none."""
        while self._ids:
            field = self._store.field_with_evidence(self._ids.popleft())
            if field.state is FieldState.REVIEW:
                return field
        return None

    def put_first(self, field_id: int) -> None:
        """Let a field be the next one."""
        self._ids.appendleft(field_id)
