"""Who may talk to the page: this machine's own pages under its own names, and nobody else."""

import secrets

from starlette.datastructures import Headers, MutableHeaders
from starlette.responses import PlainTextResponse
from starlette.types import ASGIApp, Message, Receive, Scope, Send

OWN_NAMES = ("127.0.0.1", "localhost", "[::1]")
TOKEN_HEADER = "x-dasi-token"  # noqa: S105  (the header's name)
_SAFE = ("GET", "HEAD")
HEADERS = {
    "content-security-policy": (
        "default-src 'self'; base-uri 'none'; form-action 'self'; frame-ancestors 'none'; object-src 'none'"
    ),
    "cross-origin-opener-policy": "same-origin",
    "cross-origin-resource-policy": "same-origin",
    "permissions-policy": "camera=(), microphone=(), geolocation=()",
    "referrer-policy": "no-referrer",
    "x-content-type-options": "nosniff",
    "x-frame-options": "DENY",
}


class Guard:
    """Refuses foreign hosts, origins and sites with 403, and dresses every answer in its headers."""

    def __init__(self, app: ASGIApp, *, port: int, token: str) -> None:
        self._app = app
        self._hosts = {f"{name}:{port}" for name in OWN_NAMES}
        if port == 80:  # a browser leaves out the port of http
            self._hosts |= set(OWN_NAMES)
        self._token = token

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        if scope["type"] != "http":
            if scope["type"] == "lifespan":
                await self._app(scope, receive, send)
            return

        async def dressed(message: Message) -> None:
            if message["type"] == "http.response.start":
                headers = MutableHeaders(scope=message)
                for name, value in HEADERS.items():
                    headers[name] = value
                headers.setdefault("cache-control", "no-store")
            await send(message)

        why = self._refusal(scope)
        if why:
            await PlainTextResponse(f"Refused: {why}.\n", status_code=403)(scope, receive, dressed)
            return
        await self._app(scope, receive, dressed)

    def _refusal(self, scope: Scope) -> str:
        """Why a request is refused, in words of ours; empty when it is one of our own pages'."""
        headers, method = Headers(scope=scope), scope["method"]
        if headers.getlist("host") not in [[host] for host in self._hosts]:
            return "this is not a name of this page"
        origin = headers.get("origin")
        if origin is not None and origin != f"http://{headers['host']}":
            return "another site asks"
        if not self._own_site(headers, scope):
            return "another site asks"
        if method in _SAFE:
            return ""
        if origin is None and headers.get("sec-fetch-site") is None:
            return "it is not said which site asks"
        if not secrets.compare_digest(headers.get(TOKEN_HEADER, "").encode(), self._token.encode()):
            return "this page is out of date, load it again"
        return ""

    def _own_site(self, headers: Headers, scope: Scope) -> bool:
        site = headers.get("sec-fetch-site", "none")
        if site in ("same-origin", "none"):
            return True
        # A link to the front page may stand anywhere; nothing else may be asked for from outside.
        opens = headers.get("sec-fetch-mode") == "navigate" and headers.get("sec-fetch-dest") == "document"
        return bool(scope["method"] in _SAFE and scope["path"] == "/" and opens)
