"""The table of management's routes: each says its scope, and what it answers, where it is declared."""

from __future__ import annotations

from collections.abc import Awaitable, Callable
from typing import Any, TypeAlias, TypeVar, get_type_hints

import msgspec

from tollhouse.tokens import Scope

Endpoint: TypeAlias = Callable[..., Awaitable[Any]]
E = TypeVar("E", bound=Endpoint)


class Declared(msgspec.Struct, frozen=True, kw_only=True):
    """One route.

    Attributes:
        scope: what the caller's token needs.
        endpoint: gets what FastAPI finds in the request, gives a view; its name is the operation's id.
        status: of success.
        later: the view that is answered with 202, when a worker is to do it; such a route tells it as events, too.
    """

    method: str
    path: str
    scope: Scope
    endpoint: Endpoint
    status: int
    tag: str
    later: Any = None

    @property
    def view(self) -> Any:
        """The type of what is answered; None for nothing."""
        return get_type_hints(self.endpoint)["return"]


class Table:
    """The routes of one file."""

    def __init__(self, tag: str) -> None:
        self.tag = tag
        self.routes: list[Declared] = []

    def get(self, path: str, *, scope: Scope) -> Callable[[E], E]:
        """Declare a query."""
        return self._declare("GET", path, scope, 200)

    def post(self, path: str, *, scope: Scope, status: int = 200, later: Any = None) -> Callable[[E], E]:
        """Declare a deed; 201 for what makes something, `later` for what can be left to a worker."""
        return self._declare("POST", path, scope, status, later)

    def put(self, path: str, *, scope: Scope) -> Callable[[E], E]:
        """Declare a replacement."""
        return self._declare("PUT", path, scope, 200)

    def patch(self, path: str, *, scope: Scope) -> Callable[[E], E]:
        """Declare a change of what is said."""
        return self._declare("PATCH", path, scope, 200)

    def delete(self, path: str, *, scope: Scope) -> Callable[[E], E]:
        """Declare a removal, which answers nothing."""
        return self._declare("DELETE", path, scope, 204)

    def _declare(self, method: str, path: str, scope: Scope, status: int, later: Any = None) -> Callable[[E], E]:
        rest = {"scope": scope, "status": status, "later": later}

        def declare(endpoint: E) -> E:
            self.routes.append(Declared(method=method, path=path, endpoint=endpoint, tag=self.tag, **rest))
            return endpoint

        return declare
