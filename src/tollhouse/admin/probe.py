"""Is a provider's key good? One cheap call tells: the list of models, which costs nothing."""

from __future__ import annotations

from collections.abc import Mapping

from tollhouse.clock import Clock
from tollhouse.errors import UpstreamError
from tollhouse.gateway.call import Target
from tollhouse.providers.base import Fields, Provider
from tollhouse.redaction import redact
from tollhouse.upstream.base import Call, Timeouts
from tollhouse.vault import Secret

PATH = b"/models"
TIMEOUTS = Timeouts(first_byte_s=15.0, idle_s=15.0, total_s=20.0)


class Probe:
    """Asks providers, at the addresses `app.py` parsed."""

    def __init__(self, targets: Mapping[str, Target], clock: Clock) -> None:
        self._targets = targets
        self._clock = clock

    async def __call__(self, provider: Provider, secret: Secret, fields: Fields) -> None:
        """Raise UpstreamError, with the key redacted, unless the provider accepts it."""
        target = self._targets[provider.name]
        reply = await target.upstream.send(
            Call(
                origin=target.origin,
                target=target.base_path + PATH,
                headers=provider.authorize(secret.reveal(), fields),
                method=b"GET",
                timeouts=TIMEOUTS,
            )
        )
        try:
            body = await reply.read()
        finally:
            reply.close()
        if reply.status < 300:
            return
        now_s = self._clock.time_ns() / 1e9
        error: UpstreamError = provider.dialect.classify(reply.status, body, reply.headers, now_s)
        error.message = redact(error.message, (secret.reveal(),))
        raise error
