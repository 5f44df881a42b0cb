"""Is a provider's key good? One cheap call tells: the list of models, which costs nothing."""

from __future__ import annotations

from tollhouse.clock import Clock
from tollhouse.errors import UpstreamError
from tollhouse.gateway.targets import Targets
from tollhouse.providers.base import Fields, Provider
from tollhouse.redaction import redact
from tollhouse.upstream.base import Call, Timeouts
from tollhouse.vault import Secret

PATH = b"/models"
TIMEOUTS = Timeouts(first_byte_s=15.0, idle_s=15.0, total_s=20.0)


class Probe:
    """Asks providers, where each credential leads."""

    def __init__(self, targets: Targets, clock: Clock) -> None:
        self._targets = targets
        self._clock = clock

    async def __call__(self, provider: Provider, secret: Secret, fields: Fields) -> None:
        """Raise UpstreamError, with the key redacted, unless the provider accepts it."""
        target = self._targets.of(provider, fields)
        reply = await target.upstream.send(
            Call(
                origin=target.origin,
                target=target.base_path + provider.target(PATH, "", fields),
                headers=provider.authorize(secret.reveal(), fields) + getattr(provider.dialect, "HEADERS", ()),
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
