"""What every request passes: it must be meant for this machine, and come from the desk's own pages.

A page of another site can make a browser ask 127.0.0.1, and a name of its own can be made to mean 127.0.0.1 (DNS
rebinding): the Host header tells the one, the Origin header the other.
"""

from dataclasses import dataclass
from ipaddress import ip_address
from urllib.parse import urlsplit

from starlette.datastructures import Headers, MutableHeaders
from starlette.responses import PlainTextResponse
from starlette.types import ASGIApp, Message, Receive, Scope, Send

#: What is said to the API is a few hundred bytes; a document may be larger, and is counted where it is taken.
LARGEST_BODY, DOCUMENTS = 100_000, "/api/v1/documents/"

#: Nothing from elsewhere, no code in pages, and in nobody's frame; pictures of handwriting are kept by no cache.
HEADERS = {
    "Content-Security-Policy": "default-src 'none'; img-src 'self'; style-src 'self'; script-src 'self'; "
    "connect-src 'self'; form-action 'self'; base-uri 'none'; frame-ancestors 'none'",
    "X-Content-Type-Options": "nosniff",
    "Referrer-Policy": "no-referrer",
    "Cross-Origin-Resource-Policy": "same-origin",
    "Cache-Control": "no-store",
}


@dataclass(frozen=True, slots=True, kw_only=True)
class Hosts:
    """What browsers may say in the header Host: names with their port, and, with addresses, any address by number.

    A number cannot be made to mean another machine, as a name can.
    """

    names: frozenset[str]
    addresses: bool = False

    def __contains__(self, host: str) -> bool:
        return host in self.names or (self.addresses and _is_address(host))


#: Scripts and styles tell nothing of anybody, and are the same on every page.
STATIC, KEPT = "/static/", {"Cache-Control": "private, max-age=60"}


class Guard:
    """Lets through what the desk's own pages ask, and gives every answer HEADERS."""

    def __init__(self, app: ASGIApp, *, hosts: Hosts) -> None:
        self._app = app
        self._hosts = hosts

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        if scope["type"] != "http":
            await self._app(scope, receive, send)
            return

        async def send_guarded(message: Message) -> None:
            if message["type"] == "http.response.start":
                kept = KEPT if scope["path"].startswith(STATIC) else {}
                MutableHeaders(scope=message).update({**HEADERS, **kept})
            await send(message)

        refused = self._refused(scope["path"], Headers(scope=scope))
        answer = PlainTextResponse(refused, status_code=403) if refused else self._app
        await answer(scope, receive, send_guarded)

    def _refused(self, path: str, headers: Headers) -> str:
        """Why a request is not let through; empty where it is."""
        host = headers.get("host", "")
        if host not in self._hosts:
            return f"This desk answers as {' or '.join(sorted(self._hosts.names))} only; web.hosts names more.\n"
        origin, site = headers.get("origin"), headers.get("sec-fetch-site")
        foreign = (origin is not None and origin not in {f"http://{host}", f"https://{host}"}) or site in {
            "cross-site",
            "same-site",
        }
        if foreign and (origin is not None or headers.get("sec-fetch-mode") != "navigate"):
            return "Only the desk's own pages may ask; a link from elsewhere may lead here.\n"
        length = headers.get("content-length", "0")
        small = length.isdecimal() and int(length) <= LARGEST_BODY and "transfer-encoding" not in headers
        if not small and not path.startswith(DOCUMENTS):
            return f"No body larger than {LARGEST_BODY} bytes is taken here.\n"
        return ""


def _is_address(host: str) -> bool:
    try:
        return bool(ip_address(urlsplit(f"//{host}").hostname or ""))
    except ValueError:
        return False
