"""Two kinds of receivers: a program that gets JSON on standard input, and an address that gets it by POST, signed."""

import hashlib
import hmac
import os
import signal
import stat
import subprocess
import time
from collections.abc import Iterator, Sequence
from contextlib import suppress
from pathlib import Path
from tempfile import TemporaryFile
from typing import TYPE_CHECKING, Any, Protocol

from digitd import __version__
from digitd.config import Config
from digitd.errors import ConfigError

if TYPE_CHECKING:
    from urllib.request import OpenerDirector

#: Seconds that a receiver has to take an announcement.
COMMAND_SECONDS, WEBHOOK_SECONDS = 60.0, 10.0

#: Where the webhook's secret is looked for first.
SECRET = "DIGITD_WEBHOOK_SECRET"  # noqa: S105 - the name, not the secret


class NotTaken(Exception):
    """A receiver did not take an announcement; the message is a sentence for people, without secrets."""


class Receiver(Protocol):
    """Takes announcements. name is what the outbox knows it by."""

    name: str

    def tell(self, number: int, body: bytes) -> None:
        """Hand an announcement over, as JSON; number is the same each time it is tried. Raises NotTaken."""


class Command:
    """Runs a program for each announcement, without a shell; an exit status of 0 means that it took it."""

    name = "command"

    def __init__(self, command: Sequence[str], *, folder: Path) -> None:
        self._command = tuple(command)
        self._folder = folder

    def tell(self, number: int, body: bytes) -> None:
        """Run it."""
        with TemporaryFile() as said:  # not a pipe, which a child of the program may hold open
            try:
                running = subprocess.Popen(  # noqa: S603 - the operator's own command
                    self._command,
                    stdin=subprocess.PIPE,
                    stdout=subprocess.DEVNULL,
                    stderr=said,
                    cwd=self._folder,
                    env=os.environ | {"DIGITD_ANNOUNCEMENT": str(number)},
                    start_new_session=True,
                )
            except OSError as fault:
                raise NotTaken(f"{self._command[0]}: {fault.strerror}") from None
            try:
                running.communicate(body, timeout=COMMAND_SECONDS)
            except subprocess.TimeoutExpired:
                with suppress(OSError):
                    os.killpg(running.pid, signal.SIGKILL)
                running.wait()
                raise NotTaken(f"{self._command[0]}: not done after {COMMAND_SECONDS:g} s") from None
            if running.returncode:
                said.seek(0)
                lines = said.read().decode("utf-8", "replace").strip().splitlines() or ["it says nothing"]
                raise NotTaken(f"{self._command[0]} ended with {running.returncode}: {lines[-1]}")


class Webhook:
    """Sends announcements to an address; an answer of 2xx means that it took it.

    X-Digitd-Signature holds the HMAC-SHA256, in hex, of X-Digitd-Timestamp, a dot, and the body, by the secret.
    """

    name = "webhook"

    def __init__(self, address: str, *, secret: bytes) -> None:
        self._address = address
        self._secret = secret
        self._opener = _without_redirects()

    def tell(self, number: int, body: bytes) -> None:
        """Send it."""
        from http.client import HTTPException
        from urllib.error import HTTPError, URLError
        from urllib.request import Request

        timestamp = str(int(time.time()))
        headers = {
            "Content-Type": "application/json",
            "User-Agent": f"digitd/{__version__}",
            "X-Digitd-Announcement": str(number),
            "X-Digitd-Timestamp": timestamp,
        }
        if self._secret:
            headers["X-Digitd-Signature"] = signature(self._secret, timestamp, body)
        request = Request(self._address, data=body, headers=headers, method="POST")  # noqa: S310 - http(s), checked
        try:
            with self._opener.open(request, timeout=WEBHOOK_SECONDS):
                return
        except HTTPError as answer:
            raise NotTaken(f"the webhook answered {answer.code}") from None
        except (URLError, OSError, HTTPException, ValueError) as fault:
            raise NotTaken(f"the webhook cannot be reached: {getattr(fault, 'reason', fault)}") from None


def signature(secret: bytes, timestamp: str, body: bytes) -> str:
    """What a receiver compares with the header: 64 hex digits.

    >>> signature(b"secret", "1700000000", b"{}")[:16]
    'b8569b78799ff9e3'
    """
    return hmac.new(secret, timestamp.encode() + b"." + body, hashlib.sha256).hexdigest()


def receivers_of(config: Config) -> Iterator[Receiver]:
    """The receivers of the configuration. Their secret is gone from the environment then: ask once, and early.

    Raises
    ------
    ConfigError
        The secret cannot be read, or others may read it.
    """
    if config.announce.command:
        yield Command(config.announce.command, folder=config.root)
    if config.announce.webhook:
        yield Webhook(config.announce.webhook, secret=_secret(config))


def _secret(config: Config) -> bytes:
    if given := os.environ.pop(SECRET, ""):  # what is started from here on need not know it
        return given.encode()
    if not config.announce.secret_file:
        return b""
    path = config.root / config.announce.secret_file
    try:
        if path.stat().st_mode & (stat.S_IRWXG | stat.S_IRWXO):
            raise ConfigError(f"{path}: others may read it. Keep it to yourself: chmod 600 {path}")
        return path.read_bytes().strip()
    except OSError as fault:
        raise ConfigError(f"announce.secret_file: {path}: {fault.strerror}. Name a file that can be read.") from None


def _without_redirects() -> "OpenerDirector":
    from urllib.request import HTTPRedirectHandler, build_opener  # slow to import, and few have a webhook

    class Refusing(HTTPRedirectHandler):
        def redirect_request(self, *_: Any) -> None:
            """Follow none: what is sent is for the address in the configuration alone."""

    return build_opener(Refusing)
