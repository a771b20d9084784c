"""The middleware at the door: it sees every request and every socket, Streamlit's own included.

Whoever is not known is sent to `/login` where a browser navigates, and gets a 401 elsewhere; a socket is refused before
it is accepted. Who is known is told to the pages by a header, and a socket ends with its session.
"""

import asyncio
import time
from collections.abc import Awaitable, Callable
from urllib.parse import parse_qs

from anyio import CapacityLimiter, to_thread
from starlette.datastructures import Headers, MutableHeaders
from starlette.requests import Request
from starlette.responses import HTMLResponse, PlainTextResponse, RedirectResponse, Response
from starlette.types import ASGIApp, Message, Receive, Scope, Send

from candlewick.dashboard.door.arrivals import Arrivals
from candlewick.dashboard.door.claims import StrangerError
from candlewick.dashboard.door.journal import Journal
from candlewick.dashboard.door.keeper import FOR_EVER, Keeper, TooManyTriesError
from candlewick.dashboard.door.page import login_page, welcome_page
from candlewick.dashboard.door.provider import CALLBACK, Provider, with_cookies
from candlewick.dashboard.door.session import Session
from candlewick.dashboard.door.visitor import HEADER, told

LOGIN, LOGOUT = "/login", "/logout"
OPEN = frozenset({"/healthz", "/_stcore/health"})
"""What a load balancer asks: whether all is well, in numbers, and without a name."""
CLOSED = ("/_stcore/upload_file",)
"""What Streamlit offers and no page of ours uses."""
FORM_BYTES = 4_096
CHECKS_AT_ONCE = 1
"""A password is checked slowly on purpose; many at once would take both cores from those who look at charts."""
REFUSAL_SECONDS = 60.0
"""So often a refusal that costs nothing is noted: the audit log has an end, and is not for whoever asks on to fill."""
CHECK_SECONDS = 60.0
"""So long after somebody was removed their open sockets are closed."""
_POLICY_VIOLATION = 1008

Answer = Callable[[Request], Awaitable[Response]]


class Door:
    """ASGI middleware: lets in whom the keeper knows."""

    def __init__(
        self, app: ASGIApp, *, keeper: Keeper, journal: Journal, provider: Provider | None = None, base: str = ""
    ) -> None:
        self._app, self._keeper, self._journal, self._base = app, keeper, journal, base
        self._provider = provider
        self._checks = CapacityLimiter(CHECKS_AT_ONCE)
        self._arrivals, self._refusals = Arrivals(keeper.seconds), Arrivals(REFUSAL_SECONDS)

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        """Pass a request on, or answer it here."""
        if scope["type"] not in {"http", "websocket"}:
            await self._app(scope, receive, send)
            return
        path = str(scope["path"]).removeprefix(self._base)
        answer = self._of_the_door(scope, path)
        if answer is not None:
            # A socket has no request; what the door says to it does not depend on one.
            request = Request(dict(scope) | {"type": "http", "method": scope.get("method", "GET")}, receive)
            await _answered(await answer(request), scope, receive, send)
            return
        session = None if path in OPEN else self._keeper.session(Headers(scope=scope), _peer(scope))
        if session is None and path not in OPEN:
            await _answered(self._stranger(scope), scope, receive, send)
            return
        if session is not None:
            self._note_arrival(session, scope)
        until = (
            self._while_known(session, scope, receive, send) if session and scope["type"] == "websocket" else receive
        )
        await self._app(_announced(scope, session), until, send)

    def _note_arrival(self, session: Session, scope: Scope) -> None:
        """Note whoever needs no login here: they show with each request who they are."""
        if session.ends_at < FOR_EVER or session.way == "none":
            return
        name = session.visitor.name
        address = self._keeper.address(Headers(scope=scope), _peer(scope))
        if self._arrivals.is_new(name, address, time.monotonic()):
            by = "token" if Headers(scope=scope).get("authorization") else session.way
            self._journal.note("login", name=name, role=session.visitor.role.name.lower(), address=address, by=by)

    def _while_known(self, session: Session, scope: Scope, receive: Receive, send: Send) -> Receive:
        """A socket's messages until its session is over, or whoever has it is let in no more; then it is closed."""
        if self._keeper.way == "none":
            return receive

        async def receive_in_time() -> Message:
            while (left := min(session.ends_at - time.time(), CHECK_SECONDS)) > 0 and self._is_known(scope):
                try:
                    async with asyncio.timeout(left):
                        return await receive()
                except TimeoutError:
                    continue
            await send({"type": "websocket.close", "code": _POLICY_VIOLATION, "reason": "the session is over"})
            return {"type": "websocket.disconnect", "code": _POLICY_VIOLATION}

        return receive_in_time

    def _is_known(self, scope: Scope) -> bool:
        return self._keeper.session(Headers(scope=scope), _peer(scope)) is not None

    def _of_the_door(self, scope: Scope, path: str) -> Answer | None:
        """What the door itself answers a path with, if it does."""
        if path.startswith(CLOSED):
            return _closed
        if scope["type"] != "http" or self._keeper.way == "none":
            return None
        ways = {LOGIN: self._log_in, LOGOUT: self._log_out}
        if self._provider is not None:
            ways |= {LOGIN: self._lead, CALLBACK: self._come_back}
        return ways.get(path)

    def _stranger(self, scope: Scope) -> Response:
        """The answer to one who is not known: the way in for a person, and no for a program."""
        wants_page = scope["type"] == "http" and "text/html" in Headers(scope=scope).get("accept", "")
        if wants_page and scope["method"] == "GET":
            return RedirectResponse(f"{self._base}{LOGIN}", status_code=303, headers={"Cache-Control": "no-store"})
        text = "expected a session or a token; log in at /login, or send Authorization: Bearer …\n"
        return PlainTextResponse(text, status_code=401, headers={"WWW-Authenticate": "Bearer"})

    async def _log_in(self, request: Request) -> Response:
        """The page with its form, what was written into it, or a link with the token."""
        if request.method == "POST":
            try:
                form = await _form(request)
            except ValueError as error:
                return PlainTextResponse(f"{error}\n", status_code=413)
            return await self._tried(request, form.get("name", ""), form.get("secret", ""))
        if self._keeper.way == "token" and (token := request.query_params.get("token")):
            return await self._tried(request, "", token)
        return self._page()

    async def _tried(self, request: Request, name: str, secret: str) -> Response:
        address = self._keeper.address(request.headers, _peer(request.scope))
        if self._keeper.way == "proxy":
            return self._page()
        try:
            self._keeper.begin_try(address)
        except TooManyTriesError as error:
            self._note_refusal(name, address, "too many tries")
            return _too_many(error)
        session = await to_thread.run_sync(self._keeper.log_in, name, secret, limiter=self._checks)
        if session is None:
            self._journal.note("login refused", name=name[:80], address=address, problem="wrong")
            return self._page("That is not right; try again.", status=401)
        return self._came_in(request, session, address)

    async def _lead(self, request: Request) -> Response:
        """The page with the link to the provider, or, where the link was followed, the way there."""
        assert self._provider is not None
        if "go" not in request.query_params:
            return self._page()
        if f"//{request.headers.get('host')}" != self._provider.origin.partition(":")[2]:
            # The provider sends back to this origin, and what is remembered of the way there is its own.
            return RedirectResponse(f"{self._provider.origin}{self._base}{LOGIN}?go", status_code=303)
        address = self._keeper.address(request.headers, _peer(request.scope))
        try:
            self._keeper.begin_try(address)
        except TooManyTriesError as error:
            self._note_refusal("", address, "too many tries")
            return _too_many(error)
        way = await self._provider.lead(self._app, request)
        return way or self._page(f"{self._provider.host} does not answer; try again in a moment.", status=502)

    async def _come_back(self, request: Request) -> Response:
        """Whoever comes from the provider."""
        assert self._provider is not None
        address = self._keeper.address(request.headers, _peer(request.scope))
        claims, cookies = await self._provider.back(self._app, request)
        name = str((claims or {}).get("email") or (claims or {}).get("sub") or "")[:80]
        try:
            if claims is None:
                raise StrangerError("the provider confirmed nobody")
            session = self._keeper.log_in_by(claims)
        except StrangerError as error:
            self._note_refusal(name, address, str(error), known_as=name)
            said = (
                f"{name} is not let in here; ask whoever runs this dashboard."
                if name
                else "You were not logged in; try again."
            )
            return with_cookies(self._page(said, status=401), cookies, self._provider.origin)
        return with_cookies(self._came_in(request, session, address), cookies, self._provider.origin)

    def _note_refusal(self, name: str, address: str, problem: str, *, known_as: str = "") -> None:
        """Note a refusal, but not the same one for ever; `known_as` is who somebody is, not whom they claim to be."""
        if self._refusals.is_new(f"{problem} {known_as}", address, time.monotonic()):
            self._journal.note("login refused", name=name[:80], address=address, problem=problem)

    def _came_in(self, request: Request, session: Session, address: str) -> Response:
        visitor = session.visitor
        self._keeper.tries.succeed(address)
        by = self._keeper.way
        self._journal.note("login", name=visitor.name, role=visitor.role.name.lower(), address=address, by=by)
        return self._welcome(request, session)

    def _welcome(self, request: Request, session: Session) -> Response:
        home = f"{self._base}/"
        response = HTMLResponse(welcome_page(home), headers={"Cache-Control": "no-store"})
        if request.method == "POST":
            response = RedirectResponse(home, status_code=303)  # type: ignore[assignment]
        response.set_cookie(
            self._keeper.cookie,
            self._keeper.cookie_of(session),
            max_age=self._keeper.seconds,
            path=self._base or "/",
            secure=self._keeper.is_secure(request.headers, request.url.scheme),
            httponly=True,
            samesite="strict",
        )
        return response

    async def _log_out(self, request: Request) -> Response:
        session = self._keeper.session(request.headers, _peer(request.scope))
        if session:
            self._journal.note("logout", name=session.visitor.name)
        response = RedirectResponse(f"{self._base}{LOGIN}", status_code=303)
        response.delete_cookie(self._keeper.cookie, path=self._base or "/", httponly=True, samesite="strict")
        return response

    def _page(self, problem: str = "", status: int = 200) -> Response:
        host = self._provider.host if self._provider else ""
        page = login_page(self._keeper.way, f"{self._base}{LOGIN}", problem, host)
        return HTMLResponse(page, status_code=status, headers={"Cache-Control": "no-store"})


async def _closed(_: Request) -> Response:
    return PlainTextResponse("nothing is uploaded here\n", status_code=403)


async def _form(request: Request) -> dict[str, str]:
    """The fields of a small form. Raises `ValueError` for a large one."""
    body = bytearray()
    async for part in request.stream():
        body += part
        if len(body) > FORM_BYTES:
            raise ValueError(f"expected a form of at most {FORM_BYTES} bytes, got more")
    fields = parse_qs(body.decode(errors="replace"), max_num_fields=10)
    return {name: values[0] for name, values in fields.items()}


def _too_many(error: TooManyTriesError) -> Response:
    headers = {"Retry-After": str(round(error.seconds) + 1)}
    return PlainTextResponse(f"{error}\n", status_code=429, headers=headers)


async def _answered(response: Response, scope: Scope, receive: Receive, send: Send) -> None:
    """Send an answer; a socket is refused before it is accepted."""
    if scope["type"] == "websocket":
        await receive()
        await send({"type": "websocket.close", "code": _POLICY_VIOLATION, "reason": "log in first"})
    else:
        await response(scope, receive, send)


def _peer(scope: Scope) -> str:
    return str((scope.get("client") or ("",))[0])


def _announced(scope: Scope, session: Session | None) -> Scope:
    """The request with the visitor in a header of ours, whatever it said of itself."""
    announced = dict(scope) | {"headers": [pair for pair in scope["headers"] if pair[0] != HEADER.encode()]}
    if session:
        MutableHeaders(scope=announced)[HEADER] = told(session.visitor)
    return announced
