"""The models a caller can name, as the surfaces list them."""

from __future__ import annotations

from abc import ABC, abstractmethod
from typing import Any

import msgspec

from tollhouse.api import errors
from tollhouse.api.http import Peer
from tollhouse.api.surface import Surface
from tollhouse.errors import NotFound, TollhouseError
from tollhouse.gateway import route


class Catalog(Surface, ABC):
    """A surface that lists models, at `/models` below its version."""

    async def models(self, peer: Peer) -> None:
        """All models, or the one that the path names."""
        head = self.head(peer)
        try:
            caller = await self._steps.identify.caller(head.token, self._steps.clock.monotonic(), head.ip)
            caller.require("inference")
            names = route.listed(caller, self._steps.reachable)
            named = below_models(peer.path)
            if named and named not in names:
                raise NotFound(f"There is no model `{named}`.", code="model_not_found", param="model")
        except TollhouseError as error:
            await self.refuse(error, head, peer)
            return
        body = self.model(named) if named else self.page(names)
        await peer.answer(200, (errors.JSON, *self.ids(head)), msgspec.json.encode(body))

    @abstractmethod
    def page(self, names: list[str]) -> dict[str, Any]:
        """Models as the dialect lists them, all on one page."""

    @abstractmethod
    def model(self, name: str) -> dict[str, Any]:
        """A model as the dialect shows it."""


def below_models(path: str) -> str:
    """What an address names below `/models`."""
    return path.partition("/models")[2].strip("/")
