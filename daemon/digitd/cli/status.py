"""`digitd status`: counts, backlog and rate; with a file, where it is, its history, and why."""

import time
from collections.abc import Iterator
from datetime import UTC, datetime, timedelta
from pathlib import Path

import click

from digitd.cli._common import current_config, json_option, look_into, named_documents, print_json
from digitd.config import Config
from digitd.errors import DigitdError
from digitd.intake import archive, listing, lock
from digitd.intake.names import printable
from digitd.intake.whole import Wholeness, wholeness_of
from digitd.store.known import Known
from digitd.stored import Document


@click.command(short_help="Counts by state; with FILE, where it is and why.")
@click.argument("file", metavar="[FILE]", required=False)
@json_option
def status(file: str | None, as_json: bool) -> None:
    """Counts of documents and fields by state, and the backlog; with FILE (a name, a path or a number) where it is.

    \b
    Examples:
      digitd status
      digitd status scan7.png
    """
    config = current_config()
    if file is None:
        facts = overview(config)
        print_json(facts) if as_json else click.echo(_overview_text(facts))
        return
    found = list(whereabouts(file, config))
    if not found:
        raise DigitdError(f"{printable(file)}: neither in {config.inbox} nor in the database. See `digitd status`.")
    print_json(found) if as_json else click.echo("\n\n".join(_whereabouts_text(facts) for facts in found))


def overview(config: Config) -> dict[str, object]:
    """How things stand, as JSON shows it."""
    found = listing.look(config.inbox, config.intake.ignore, max_megabytes=config.intake.max_megabytes)
    facts: dict[str, object] = {
        "service": lock.holder(config.var / "lock"),
        "model": config.reading.model,
        "inbox": {"waiting": len(found.files), "left_alone": [_left(item) for item in found.left if not item.junk]},
    }
    if config.database.exists():
        with look_into(config) as store:
            facts["documents"] = {str(state): count for state, count in store.counts().items()}
            facts["fields"] = {str(state): count for state, count in store.field_counts().items()}
            last = store.last_service()
            facts["last_sign_of_life"] = None if last is None else last.beat_at
            facts["read_in_the_last_hour"] = store.read_since(datetime.now(UTC) - timedelta(hours=1))
    return facts


def whereabouts(file: str, config: Config) -> Iterator[dict[str, object]]:
    """Everything in the inbox and in the database that goes by the name of file."""
    found = listing.look(config.inbox, config.intake.ignore, max_megabytes=config.intake.max_megabytes)
    for item in found.left:
        if _is_called(item.path, file):
            yield {
                "document": printable(item.path.name),
                "state": "left alone",
                "where": item.path,
                "reason": item.reason,
            }
    for sighting in found.files:
        if _is_called(sighting.path, file):
            reason = why_not_taken(sighting, config)
            yield {"document": sighting.name, "state": "seen", "where": sighting.path, "reason": reason}
    if config.database.exists():
        with look_into(config) as store:
            for document in named_documents(store, file):
                yield _document_facts(document, store, config)


def why_not_taken(sighting: listing.Sighting, config: Config) -> str:
    """Why a file in the inbox is there still, in words for people."""
    if lock.holder(config.var / "lock") is None:
        return "no service is running: start one with `digitd run`"
    quiet_seconds = time.time() - sighting.mtime_ns / 1e9
    try:
        wholeness = wholeness_of(sighting.path)
    except OSError as fault:
        return f"it cannot be read: {fault.strerror}; allow digitd to read it"
    if wholeness is Wholeness.CUT_OFF:
        return (
            f"it is cut off, last written to {quiet_seconds:.0f} s ago; if nothing more comes it is taken after "
            f"{config.intake.incomplete_seconds:g} s, and fails"
        )
    if quiet_seconds < config.intake.settle_seconds:
        return "it was written to just now"
    return "it is taken when a process that reads has room for it"


def _is_called(path: Path, file: str) -> bool:
    return file in {path.name, printable(path.name), str(path)} or Path(file).absolute() == path.absolute()


def _document_facts(document: Document, store: Known, config: Config) -> dict[str, object]:
    return {
        "document": document.name,
        "id": document.id,
        "sha256": document.sha256,
        "form": document.form,
        "state": str(document.state),
        "where": archive.find(document, config.var),
        "reason": document.reason,
        "attempts": document.attempts,
        "original": document.original_id,
        "history": [{"at": m.at, "state": str(m.state), "reason": m.reason} for m in store.history(document.id)],
    }


def _left(item: listing.LeftAlone) -> dict[str, str]:
    return {"path": printable(str(item.path)), "reason": item.reason}


def _overview_text(facts: dict[str, object]) -> str:
    service, inbox = facts["service"], facts["inbox"]
    assert isinstance(inbox, dict)
    lines = [f"service    {service or 'not running; start it with `digitd run`'}{_ago(facts.get('last_sign_of_life'))}"]
    lines.append(f"model      {facts['model']}")
    lines.append(f"inbox      {inbox['waiting']} to be taken, {len(inbox['left_alone'])} left alone")
    lines += [f"           {item['path']}: {item['reason']}" for item in inbox["left_alone"]]
    for name in ("documents", "fields"):
        counts = facts.get(name, {})
        assert isinstance(counts, dict)
        lines.append(f"{name:<11}" + (", ".join(f"{n} {state}" for state, n in counts.items() if n) or "none yet"))
    lines.append(f"last hour  {facts.get('read_in_the_last_hour', 0)} read")
    return "\n".join(lines)


def _ago(beat_at: object) -> str:
    if not isinstance(beat_at, datetime):
        return ""
    return f", last sign of life {max(0.0, (datetime.now(UTC) - beat_at).total_seconds()):.0f} s ago"


def _whereabouts_text(facts: dict[str, object]) -> str:
    number = f" (document {facts['id']})" if "id" in facts else ""
    lines = [f"{facts['document']}{number}: {facts['state']}"]
    lines += [f"  why    {facts['reason']}"] if facts["reason"] else []
    lines.append(f"  where  {printable(str(facts['where'])) if facts['where'] else 'its file is gone'}")
    history = facts.get("history", ())
    assert isinstance(history, list | tuple)
    for move in history:
        reason = f"  {move['reason']}" if move["reason"] else ""
        lines.append(f"  {move['at'].astimezone():%Y-%m-%d %H:%M:%S}  {move['state']}{reason}")
    return "\n".join(lines)
