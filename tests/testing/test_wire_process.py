"""The wire provider in a process of its own does what the one at hand does."""

import json
import urllib.error
import urllib.request
from collections.abc import Iterator

import pytest

from tollhouse.testing import ScriptNotFollowed, answer, bill, expect, reply, reset, say, stall, status
from tollhouse.testing.process import spawn
from tollhouse.testing.remote import RemoteProvider


@pytest.fixture(scope="module")
def provider() -> Iterator[RemoteProvider]:
    with spawn() as running:
        yield running


def ask(provider: RemoteProvider, model: str = "acme-1", *, stream: bool = False) -> bytes:
    asked = urllib.request.Request(
        provider.base_url + "/chat/completions",
        json.dumps({"model": model, "stream": stream}).encode(),
        {"x-tollhouse-attempt": f"att-{model}"},
    )
    with urllib.request.urlopen(asked, timeout=30) as response:
        return response.read()


def test_is_scripted_and_read_from_here(provider: RemoteProvider):
    before = provider.state.requests
    provider.script(expect(model="acme-1"), answer("Hello", usage=(19, 10)))
    assert b"Hello" in ask(provider)
    assert provider.requests[-1].json == {"model": "acme-1", "stream": False}
    last = provider.billed[-1]
    assert (last.request, last.attempt, last.usage.output_tokens) == (before, "att-acme-1", 10)


def test_breaks_the_line_as_the_one_at_hand_does(provider: RemoteProvider):
    provider.script(bill(19, 10), reset())
    with pytest.raises(ConnectionResetError):
        ask(provider)
    assert provider.billed[-1].complete is False


def test_answers_by_what_is_asked(provider: RemoteProvider):
    provider.when(model="other").always(status(404))
    provider.when(path="/v1/models").always(reply(json=[]))
    with pytest.raises(urllib.error.HTTPError, match="404"):
        ask(provider, "other")
    with urllib.request.urlopen(provider.base_url + "/models", timeout=30) as response:
        assert response.read() == b"[]"


def test_tells_what_goes_on_and_lets_it_go_on(provider: RemoteProvider):
    provider.script(say("Hel"), stall(), answer("lo"))
    asked = json.dumps({"model": "acme-1", "stream": True}).encode()
    with urllib.request.urlopen(provider.base_url + "/chat/completions", asked, timeout=30) as response:
        provider.until(lambda state: state.stalled == 1)
        assert provider.state.open_connections == 1
        provider.release()
        assert response.read().endswith(b"data: [DONE]\n\n")
    provider.until(lambda state: state.answering == 0)


def test_an_unreached_state_is_a_timeout_that_tells_the_state(provider: RemoteProvider):
    with pytest.raises(TimeoutError, match="stalled=0"):
        provider.until(lambda state: state.stalled == 7, timeout_s=0.05)


def test_functions_cannot_travel(provider: RemoteProvider):
    with pytest.raises(TypeError, match="no step"):
        provider.script(lambda request: answer())


@pytest.mark.parametrize(("method", "path"), [("GET", "script"), ("POST", "billed"), ("GET", "nothing")])
def test_an_unknown_control_endpoint_is_404(provider: RemoteProvider, method: str, path: str):
    with pytest.raises(ValueError, match="no control endpoint"):
        provider._exchange(method, path)


def test_a_malformed_order_is_refused_with_its_reason(provider: RemoteProvider):
    with pytest.raises(ValueError, match="Invalid value 'dance'"):
        provider._exchange("POST", "script", b'{"steps":[{"step":"dance"}]}')


def test_strikes_at_random_there_too():
    with spawn() as provider:
        provider.always(answer())
        provider.faults(1, rate=1, kinds=("error",))
        with pytest.raises(urllib.error.HTTPError, match="500"):
            ask(provider)
        assert [struck.kind for struck in provider.state.struck] == ["error"]


def test_verifies_at_the_end():
    with pytest.raises(ScriptNotFollowed, match="never happened"), spawn() as provider:
        provider.script(answer())
