"""The API of labels: page after page of what people settled."""

from datetime import datetime
from typing import Annotated

from fastapi import APIRouter, Query
from pydantic import BaseModel, Field

from digitd.desk.api import LARGEST_ID
from digitd.desk.room import AnAdmin, TheRoom
from digitd.records import LabelMode, Verdict
from digitd.stored import Label, StoredField

router = APIRouter(tags=["labels"])


class After(BaseModel):
    """Labels after that of a number, so many at most."""

    after: int = Field(default=0, ge=0, le=LARGEST_ID)
    limit: int = Field(default=500, ge=1, le=1000)


class Settled(BaseModel):
    """What a field is: the label that settled it, and what the machine had read."""

    label: int
    document: str
    sha256: str
    page: int
    form: str | None
    field: str
    value: str
    verdict: Verdict
    verifier: str
    mode: LabelMode
    at: datetime
    duration_ms: int | None
    sampling_probability: float | None
    read: str
    confidence: float
    model: str


@router.get("/labels", responses={403: {}})
def labels(room: TheRoom, _: AnAdmin, wanted: Annotated[After, Query()]) -> list[Settled]:
    """Settled fields with their last label, in the order of labels; ask again with the last one's number for more."""
    found = room.store.labels_after(wanted.after, limit=wanted.limit)
    return [_settled(field, label) for field, label in found]


def _settled(field: StoredField, label: Label) -> Settled:
    return Settled(
        label=label.id,
        document=field.document,
        sha256=field.sha256,
        page=field.page,
        form=field.form,
        field=field.name,
        value=label.value,
        verdict=label.verdict,
        verifier=label.verifier,
        mode=label.mode,
        at=label.at,
        duration_ms=label.duration_ms,
        sampling_probability=label.sampling_probability,
        read=field.machine_value,
        confidence=field.confidence,
        model=field.model,
    )
