"""What endpoints are sent, judged by the published vector and by the receivers' own library."""

from __future__ import annotations

import json
from datetime import UTC, datetime

import pytest
from standardwebhooks import Webhook, WebhookVerificationError

from tollhouse.notify.events import THIN, Alert, body_of
from tollhouse.notify.webhook import new_secret, signed
from tollhouse.vault import Secret


def test_signs_the_published_vector() -> None:
    """standard-webhooks/libraries/javascript/src/webhook.test.ts, "sign function works"."""
    headers = signed(
        [Secret("whsec_MfKQ9r8GKYqrTwjUPD8ILPZIo2LaLaSw")],
        "msg_p5jXN8AQM9LWM0D4loKWxJek",
        datetime.fromtimestamp(1614265330, UTC),
        b'{"test": 2432232314}',
    )
    assert headers == (
        (b"webhook-id", b"msg_p5jXN8AQM9LWM0D4loKWxJek"),
        (b"webhook-timestamp", b"1614265330"),
        (b"webhook-signature", b"v1,g0hM9SsE+OTPJTGt/tmIKtSyZlE3uFJELVlNIOLJ1OE="),
    )


def test_a_receiver_with_either_of_two_secrets_takes_it_and_with_a_third_does_not() -> None:
    old, new, other = new_secret(), new_secret(), new_secret()
    headers = {name.decode(): value.decode() for name, value in signed([new, old], "evt_1", datetime.now(UTC), b"{}")}
    for secret in (old, new):
        assert Webhook(secret.reveal()).verify(b"{}", headers) == {}
    with pytest.raises(WebhookVerificationError):
        Webhook(other.reveal()).verify(b"{}", headers)


def test_a_body_is_thin_and_the_same_every_time() -> None:
    facts = dict.fromkeys(THIN["budget.threshold"], "x") | {"spent": "12.00", "owner_name": "Ada"}
    alert = Alert(id="evt_1", type="budget.threshold", facts=facts, raised_at=datetime(2026, 11, 22, 10, 0, 0, 5, UTC))
    assert body_of(alert) == body_of(alert)
    assert json.loads(body_of(alert)) == {
        "type": "budget.threshold",
        "timestamp": "2026-11-22T10:00:00.000005Z",
        "data": {"budget": "x", "owner": "x", "period": "x", "threshold": "x"},
    }


def test_secrets_are_long_and_never_the_same() -> None:
    secrets = {new_secret().reveal() for _ in range(100)}
    assert len(secrets) == 100
    assert {len(secret) for secret in secrets} == {len("whsec_") + 44}
