"""Fields as they are asked for: chosen, in order, with their evidence and the last label that stands."""

import sqlite3
from collections import defaultdict
from collections.abc import Iterable, Iterator, Mapping, Sequence
from datetime import datetime
from typing import Any

from digitd.records import Box, CellContent, FieldState, LabelMode, Verdict
from digitd.store.plain import Plain, all_of, among, as_kept, as_time, listed, rows
from digitd.stored import Label, StoredField, StoredGlyph

#: Rows fetched at a time when a whole table is walked.
BATCH = 500

#: So many fields in the states that are asked for are few: they are found by these, and not by walking all documents.
FEW = 5_000

#: SQLite keeps to the order of a CROSS JOIN. Left to itself it may sort all fields for each batch: it knows nothing of
#: how many rows there are.
_BY_DOCUMENT = """\
documents CROSS JOIN pages ON pages.document_id = documents.id CROSS JOIN fields ON fields.page_id = pages.id"""
_BY_FIELD = """\
fields CROSS JOIN pages ON pages.id = fields.page_id CROSS JOIN documents ON documents.id = pages.document_id"""

#: Without the crops: with them a walk takes five times as long.
_FIELDS = """\
SELECT fields.id, fields.position, fields.name, fields.x0, fields.y0, fields.x1, fields.y1, fields.value,
  fields.confidence, fields.state, fields.machine_state, fields.reason, fields.audit_probability,
  pages.number, pages.width_px, pages.height_px, pages.form, pages.model_id,
  documents.id AS document_id, documents.name AS document, documents.sha256, documents.read_at
FROM {source} WHERE {where} ORDER BY documents.id, pages.number, fields.position LIMIT {most}"""

#: Behind the last of those before, in the order of documents, pages and positions.
_BEYOND = """\
documents.id >= :document AND (documents.id > :document OR (pages.number, fields.position) > (:page, :position))"""

#: By which fields are chosen, besides their states.
_CHOICES = {
    "form": "pages.form = :form",
    "since": "documents.read_at >= :since",
    "of_document": "documents.id = :of_document",
}

_FIRST_SINCE = "SELECT min(id) AS id FROM documents WHERE read_at >= :since"
_NAMED = "documents.name = :document AND pages.number = :page AND fields.name = :field"
_OF_IDS = "IN (SELECT value FROM json_each(:ids))"
_IN_STATES = "SELECT count(*) AS number FROM (SELECT 1 FROM fields WHERE state IN {} LIMIT :few)"

_CROPS = f"SELECT id, crop FROM fields WHERE id {_OF_IDS}"  # noqa: S608 - a constant

_GLYPHS = f"""\
SELECT id, field_id, position, content, probabilities, pixels_png
FROM glyphs WHERE field_id {_OF_IDS} ORDER BY field_id, position"""  # noqa: S608 - a constant

_STANDING = f"""\
SELECT id, field_id, value, verifier, mode, shown, at, duration_ms, sampling_probability, verdict, alone
FROM labels WHERE field_id {_OF_IDS} AND value IS NOT NULL
  AND NOT EXISTS (SELECT 1 FROM labels AS later WHERE later.retracts_id = labels.id)
ORDER BY id"""  # noqa: S608 - a constant


class Fields(Plain):
    """Fields that were read."""

    def fields(
        self,
        *,
        form: str | None = None,
        states: Iterable[FieldState] | None = None,
        since: datetime | None = None,
        document_id: int | None = None,
        evidence: bool = False,
    ) -> Iterator[StoredField]:
        """Fields in the order of documents, pages and positions; evidence adds crops and glyphs."""
        asked = {"form": form, "since": None if since is None else as_kept(since), "of_document": document_id}
        return self._walk(asked, None if states is None else among(states), evidence=evidence)

    def labelled_fields(self, *, form: str | None = None) -> Iterator[StoredField]:
        """Fields whose value people have settled, with their evidence and the last label."""
        for field in self.fields(form=form, states=[FieldState.VERIFIED], evidence=True):
            if field.label is not None and field.label.verdict is Verdict.VALUE:
                yield field

    def field_named(self, *, document: str, page: int, field: str) -> list[StoredField]:
        """Fields of that name on that page of documents of that name (several where a name was dropped twice)."""
        query = _FIELDS.format(source=_BY_DOCUMENT, where=_NAMED, most=-1)
        with self._asking() as connection:
            found = rows(connection, query, {"document": document, "page": page, "field": field})
            return _stored_fields(connection, found, evidence=True)

    def field_with_evidence(self, field_id: int) -> StoredField:
        """One field as it stands now, with its crop and glyphs; it must be there."""
        (found,) = self.fields_of([field_id], evidence=True)
        return found

    def fields_of(self, field_ids: Sequence[int], *, evidence: bool = False) -> list[StoredField]:
        """Those fields that there are, in the order asked for, as they stand now; evidence adds crops and glyphs."""
        query = _FIELDS.format(source=_BY_FIELD, where=f"fields.id {_OF_IDS}", most=-1)
        found: dict[int, StoredField] = {}
        for start in range(0, len(field_ids), BATCH):
            with self._asking() as connection:
                some = rows(connection, query, {"ids": listed(field_ids[start : start + BATCH])})
                found |= {field.id: field for field in _stored_fields(connection, some, evidence=evidence)}
        return [found[key] for key in field_ids if key in found]

    def _walk(self, asked: Mapping[str, object], states: str | None, *, evidence: bool) -> Iterator[StoredField]:
        """Fields chosen by the values of `_CHOICES` that are not None, and by a list of states in SQL, unless None.

        BATCH at a time, so that a large database does not fill the memory.
        """
        chosen = [condition for key, condition in _CHOICES.items() if asked[key] is not None]
        chosen += [] if states is None else [f"fields.state IN {states}"]
        with self._asking() as connection:
            first = _first_document(connection, asked)
            by_field = first == 0 and states is not None and _are_few(connection, states)
        source = _BY_FIELD if by_field else _BY_DOCUMENT
        query = _FIELDS.format(source=source, where=all_of([_BEYOND, *chosen]), most=BATCH)
        after = {"document": first, "page": 0, "position": -1}
        while True:
            with self._asking() as connection:
                found = rows(connection, query, {**asked, **after})
                batch = _stored_fields(connection, found, evidence=evidence)
            yield from batch
            if len(found) < BATCH:
                return
            end = found[-1]
            after = {"document": end["document_id"], "page": end["number"], "position": end["position"]}


def standing_labels(connection: sqlite3.Connection, field_ids: Sequence[int]) -> list[Label]:
    """The labels of fields that were not taken back, oldest first."""
    return [
        Label(
            **{
                **row,
                "mode": LabelMode(row["mode"]),
                "at": as_time(row["at"]),
                "verdict": Verdict(row["verdict"]),
                "alone": bool(row["alone"]),
            }
        )
        for row in rows(connection, _STANDING, {"ids": listed(field_ids)})
    ]


def last_labels(connection: sqlite3.Connection, field_ids: Sequence[int]) -> dict[int, Label]:
    """The newest label of each field that was not taken back."""
    return {label.field_id: label for label in standing_labels(connection, field_ids)}


def as_glyph(row: Mapping[str, Any] | sqlite3.Row) -> StoredGlyph:
    """A row of the table as the glyph that it is."""
    import numpy as np  # half of what Python takes to start, and only for who looks at glyphs

    return StoredGlyph(
        id=row["id"],
        position=row["position"],
        content=CellContent(row["content"]),
        probabilities=np.frombuffer(row["probabilities"], "<f4"),
        pixels_png=row["pixels_png"],
    )


def _first_document(connection: sqlite3.Connection, asked: Mapping[str, Any]) -> int | None:
    """The number from which documents are walked: 0 where all are; None, which is not less than any, where none is."""
    if asked["of_document"] is not None or asked["since"] is None:
        return int(asked["of_document"] or 0)
    (row,) = rows(connection, _FIRST_SINCE, asked)
    first: int | None = row["id"]
    return first


def _are_few(connection: sqlite3.Connection, states: str) -> bool:
    """Whether few fields are in states."""
    (row,) = rows(connection, _IN_STATES.format(states), {"few": FEW})
    return bool(row["number"] < FEW)


def _stored_fields(
    connection: sqlite3.Connection, found: Sequence[sqlite3.Row], *, evidence: bool
) -> list[StoredField]:
    """Rows of `_FIELDS` as fields, with the last labels, and with crops and glyphs as evidence."""
    ids = [row["id"] for row in found]
    labels = last_labels(connection, ids)
    crops = _crops_of(connection, ids) if evidence else {}
    glyphs = _glyphs_of(connection, ids) if evidence else {}
    return [
        StoredField(
            id=row["id"],
            document=row["document"],
            document_id=row["document_id"],
            sha256=row["sha256"],
            page=row["number"],
            page_width_px=row["width_px"],
            page_height_px=row["height_px"],
            form=row["form"],
            name=row["name"],
            box=Box(x0=row["x0"], y0=row["y0"], x1=row["x1"], y1=row["y1"]),
            machine_value=row["value"],
            confidence=row["confidence"],
            state=FieldState(row["state"]),
            machine_state=FieldState(row["machine_state"]),
            reason=row["reason"],
            model=row["model_id"],
            read_at=as_time(row["read_at"]),
            crop=crops.get(row["id"], b""),
            glyphs=glyphs.get(row["id"], ()),
            label=labels.get(row["id"]),
            audit_probability=row["audit_probability"],
        )
        for row in found
    ]


def _crops_of(connection: sqlite3.Connection, field_ids: Sequence[int]) -> dict[int, bytes]:
    return {row["id"]: row["crop"] for row in rows(connection, _CROPS, {"ids": listed(field_ids)})}


def _glyphs_of(connection: sqlite3.Connection, field_ids: Sequence[int]) -> dict[int, tuple[StoredGlyph, ...]]:
    found: defaultdict[int, list[StoredGlyph]] = defaultdict(list)
    for row in rows(connection, _GLYPHS, {"ids": listed(field_ids)}):
        found[row["field_id"]].append(as_glyph(row))
    return {key: tuple(value) for key, value in found.items()}
