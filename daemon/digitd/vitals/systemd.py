"""Telling systemd how the service is (sd_notify(3)): ready, stopping, alive; nothing where it does not ask."""

import os
import socket
import time
from contextlib import suppress

#: Seconds that systemd has to take a line.
PATIENCE_SECONDS = 1.0


def tell(*said: str) -> None:
    """Send lines such as READY=1 to the socket that systemd names, if it names one; a fault there harms nobody."""
    address = os.environ.get("NOTIFY_SOCKET", "")
    if not address:
        return
    if address.startswith("@"):
        address = "\0" + address[1:]
    with suppress(OSError), socket.socket(socket.AF_UNIX, socket.SOCK_DGRAM | socket.SOCK_CLOEXEC) as to:
        to.settimeout(PATIENCE_SECONDS)
        to.connect(address)
        to.sendall("\n".join(said).encode())


def ready() -> None:
    """The service takes documents."""
    tell("READY=1")


def alive(status: str) -> None:
    """All is well; status is shown by `systemctl status`."""
    tell("WATCHDOG=1", f"STATUS={status}")


def ailing(status: str) -> None:
    """Something is wrong, so that the watchdog is not fed."""
    tell(f"STATUS={status}")


def reloading() -> None:
    """The configuration is read again; `ready` ends it."""
    tell("RELOADING=1", f"MONOTONIC_USEC={time.monotonic_ns() // 1000}")


def stopping() -> None:
    """What is in hand is finished, then the service ends."""
    tell("STOPPING=1")


def watchdog_seconds() -> float | None:
    """How often systemd wants to hear that all is well; None where it does not."""
    mine = os.environ.get("WATCHDOG_PID", str(os.getpid())) == str(os.getpid())
    microseconds = os.environ.get("WATCHDOG_USEC", "")
    return int(microseconds) / 1e6 if mine and microseconds.isdecimal() and int(microseconds) else None
