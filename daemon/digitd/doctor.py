"""What is wrong with an installation: each check tries what the service will do, and says what to do where it fails."""

import json
import tempfile
import threading
from collections.abc import Callable, Iterator
from dataclasses import dataclass
from datetime import UTC, datetime
from http.client import HTTPConnection, HTTPException

from digitd.config import Config
from digitd.errors import DigitdError, ModelError
from digitd.intake import lock
from digitd.intake.folders import check_apart, check_folders
from digitd.intake.inbox import PROBE, PROBE_SECONDS
from digitd.intake.watch import Watcher, on_network
from digitd.models import find
from digitd.reader import DRAWN, check_forms, try_model
from digitd.store import Store
from digitd.vitals.signs import OVERDUE_SECONDS

#: How long a running service may take to say how it is.
ANSWER_SECONDS = 5.0


@dataclass(frozen=True, slots=True, kw_only=True)
class Check:
    """One thing that was tried. said is what was found, or what is wrong and the next step."""

    name: str
    ok: bool
    said: str


def checks(config: Config) -> Iterator[Check]:
    """Try everything that the service needs, one after another."""
    tried: list[tuple[str, Callable[[Config], str]]] = [
        ("folders", _folders),
        ("service", _service),
        ("database", _database),
        ("events", _events),
        ("model", _model),
    ]
    for name, attempt in tried:
        try:
            yield Check(name=name, ok=True, said=attempt(config))
        except (DigitdError, OSError) as fault:
            yield Check(name=name, ok=False, said=str(fault))
    for form, wrong in check_forms(config):
        yield Check(name=f"form {form}", ok=not wrong, said=wrong or "its template and reference are there")


def of_service(config: Config) -> Check:
    """How the running service is: what it answers, or where it does not listen, when it last wrote a sign of life."""
    holder = lock.holder(config.var / "lock")
    if holder is None:
        return Check(name="service", ok=False, said="it is not running; start it with `digitd run`")
    if config.health.listen:
        return _answered(config.health.listen)
    with Store.open(config.database) as store:
        last = store.last_service()
    if last is None:
        return Check(name="service", ok=False, said=f"{holder} has given no sign of life yet")
    ago = (datetime.now(UTC) - last.beat_at).total_seconds()
    return Check(
        name="service", ok=ago < OVERDUE_SECONDS, said=f"{holder} gave a sign of life {max(0.0, ago):.0f} s ago"
    )


def _answered(listen: str) -> Check:
    host, _, port = listen.rpartition(":")
    connection = HTTPConnection(host.strip("[]"), int(port), timeout=ANSWER_SECONDS)
    try:
        connection.request("GET", "/healthz")
        ailments = json.load(connection.getresponse())["ailments"]
    except (OSError, HTTPException, ValueError) as fault:
        return Check(name="service", ok=False, said=f"{listen}: no answer ({fault})")
    finally:
        connection.close()
    return Check(name="service", ok=not ailments, said="; ".join(ailments.values()) or "it is well")


def _folders(config: Config) -> str:
    check_apart(config)
    check_folders(config)
    return f"{config.inbox} and {config.var} are writable and on one file system"


def _service(config: Config) -> str:
    holder = lock.holder(config.var / "lock")
    return f"running ({holder})" if holder else "not running; start it with `digitd run`"


def _database(config: Config) -> str:
    if not config.database.exists():
        return "none yet; `digitd run` makes it"
    with Store.open(config.database) as store:
        store.check_writable()
    return f"{config.database} is of this version and takes writes"


def _events(config: Config) -> str:
    """Write a file into the inbox, and wait for the watcher to be told."""
    arrived = threading.Event()
    network = on_network(config.inbox)
    watcher = Watcher(config.inbox, arrived.set, polling=network)
    watcher.start()
    try:
        with tempfile.NamedTemporaryFile(prefix=PROBE, dir=config.inbox):
            told = arrived.wait(PROBE_SECONDS)
    finally:
        watcher.stop()
    if told:
        return "polled, because the inbox lies on a network file system" if network else "arrive at once"
    rescan = config.intake.rescan_seconds
    return f"none arrived: files are found every {rescan:g} s all the same (intake.rescan_seconds)"


def _model(config: Config) -> str:
    """Let the model read a drawn digit."""
    model = find(config.reading.model, config.models)
    read = try_model(model)
    if read != DRAWN:
        raise ModelError(
            f"{model.folder}: reads a drawn {DRAWN} as {read}. Take another model, or copy this one again."
        )
    return f"{model.id} reads a drawn {DRAWN}"
