"""Labels as Label Studio keeps them: JSON, a task a field, its picture within, what is written there as text.

A project of theirs that shows such tasks has this labelling interface:

    <View><Image name="picture" value="$picture"/><TextArea name="value" toName="picture" maxSubmissions="1"/></View>
"""

import base64
import json
from collections.abc import Iterator
from pathlib import Path
from typing import Any, TextIO

from pydantic import BaseModel, TypeAdapter, ValidationError

from digitd.errors import LabelFileError
from digitd.records import FieldState
from digitd.store import Store
from digitd.stored import Label, StoredField
from digitd.verify.labels import LabelRow

#: Names of the parts of the labelling interface.
PICTURE, VALUE = "picture", "value"


class _Data(BaseModel):
    document: str
    page: int = 1
    field: str


class _Text(BaseModel):
    text: list[str] | str = ""


class _Result(BaseModel):
    from_name: str = ""
    value: _Text = _Text()


class _Annotation(BaseModel):
    result: list[_Result] = []
    was_cancelled: bool = False
    completed_by: int | dict[str, Any] | None = None
    created_at: str = ""
    updated_at: str = ""

    @property
    def verifier(self) -> str:
        """Who annotated, where the export says more than a number."""
        who = self.completed_by if isinstance(self.completed_by, dict) else {}
        return str(who.get("email") or who.get("first_name") or "")

    @property
    def value(self) -> str | None:
        """What was written into the text; None where it was left out."""
        for result in self.result:
            if result.from_name in {VALUE, ""}:
                text = result.value.text
                return text if isinstance(text, str) else " ".join(text)  # of several none is taken: no digits
        return None


class _Task(BaseModel):
    data: _Data
    annotations: list[_Annotation] = []


_TASKS = TypeAdapter(list[_Task])


def read_tasks(path: Path) -> list[LabelRow]:
    """Read the newest annotation of each task of an export; tasks without one are passed over. line counts tasks.

    Raises
    ------
    LabelFileError
        It cannot be read, or is no export of such tasks.
    """
    try:
        tasks = _TASKS.validate_json(path.read_bytes())
    except OSError as fault:
        raise LabelFileError(f"{path}: {fault.strerror}. Name a file that can be read.") from None
    except ValidationError as fault:
        first = fault.errors()[0]
        where = ".".join(str(part) for part in first["loc"]) or "the file"
        raise LabelFileError(
            f"{path}: not an export of Label Studio with digitd's tasks: {where}: {first['msg']}. Export it as JSON, "
            "from a project whose tasks `digitd label export --format label-studio` wrote."
        ) from None
    return [row for line, task in enumerate(tasks, start=1) for row in _row(line, task)]


def export_tasks(store: Store, file: TextIO, *, form: str | None = None, waiting: bool = False) -> int:
    """Write labelled fields as tasks with their annotation, or those that wait as tasks without; returns how many.

    What the machine read is in neither: who is shown a wrong digit tends to agree with it.
    """
    count = 0
    file.write("[")
    for field in _waiting(store, form) if waiting else store.labelled_fields(form=form):
        file.write(",\n" if count else "\n")
        json.dump(_task(field, None if waiting else field.label), file, ensure_ascii=False)
        count += 1
    file.write("\n]\n")
    return count


def _waiting(store: Store, form: str | None) -> Iterator[StoredField]:
    """Fields to be keyed, those drawn for the audit among them."""
    states = [FieldState.REVIEW, FieldState.ACCEPTED]
    for field in store.fields(form=form, states=states, evidence=True):
        if field.waits:
            yield field


def _task(field: StoredField, label: Label | None) -> dict[str, Any]:
    picture = f"data:{field.crop_type};base64,{base64.b64encode(field.crop).decode()}" if field.crop else ""
    task: dict[str, Any] = {
        "data": {"picture": picture, "document": field.document, "page": field.page, "field": field.name}
    }
    if label is not None:
        said = {"from_name": VALUE, "to_name": PICTURE, "type": "textarea", "value": {"text": [label.value]}}
        task["annotations"] = [{"result": [said], "completed_by": {"email": label.verifier}}]
    return task


def _row(line: int, task: _Task) -> Iterator[LabelRow]:
    by_time = sorted(task.annotations, key=lambda one: one.updated_at or one.created_at)
    said = [(one.verifier, one.value) for one in by_time if not one.was_cancelled and one.value is not None]
    for verifier, value in said[-1:]:
        data = task.data
        yield LabelRow(
            line=line,
            document=data.document,
            page=str(data.page),
            field=data.field,
            value=(value or "").strip(),
            verifier=verifier,
        )
