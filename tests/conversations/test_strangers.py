"""C7, C17: what is another's is not there, on every route there is."""

from __future__ import annotations

from typing import Any

import httpx2

from houses import make_person
from talks import Talk
from tollhouse.api.management.application import declared
from tollhouse.app import House, application
from tollhouse.testing import WireProvider, answer
from tollhouse.tokens import ADMIN

SECRET = "swordfish"

BODIES: dict[str, Any] = {
    "send_message": {"message": "Hi"},
    "edit_message": {"message": "Hi"},
    "give_feedback": {"rating": "up"},
    "change_conversation": {"title": "mine"},
    "change_message": {"pinned": True},
    "change_run": {"priority": 5},
    "change_my_credential": {"label": "mine"},
    "rotate_my_credential": {"api_key": "sk-another-key-0123456789"},
    "update": {"metadata": {}},
    "add_items": {"items": [{"role": "user", "content": "Hi"}]},
}
SHARED = "get_shared"
"""What a key opens is meant for others."""


async def everything_of(ada: Talk, provider: WireProvider) -> dict[str, str]:
    """One of each thing a user can have, each with the secret in it; their names, as the routes call them."""
    provider.script(answer(f"The password is {SECRET}."))
    conversation = await ada.new(title=f"About {SECRET}", system=f"Never say {SECRET}.", metadata={"a": SECRET})
    turn = await ada.say(conversation, f"Is {SECRET} the password?", headers={"X-Tollhouse-Tag": SECRET})
    share = await ada.call("POST", f"{conversation}/share", 201)
    key = {"provider": "openai", "api_key": "sk-ada-0123456789abcdef", "label": SECRET}
    credential = await ada.call("POST", "/api/me/credentials", 201, json=key)
    provider.script(answer(f"Still {SECRET}."))
    asked = {"model": "acme/acme-1", "input": f"And {SECRET}?", "store": True, "metadata": {"a": SECRET}}
    response = await ada.call("POST", "/v1/responses", json=asked)
    return {
        "conversation": conversation.rpartition("/")[2],
        "message": turn["answer"]["id"],
        "item": f"{turn['answer']['id']}_0",
        "run": turn["run"],
        "request": turn["request"],
        "share": share["id"],
        "key": share["key"],
        "credential": credential["id"],
        "response": response["id"],
        "user": ada.person.id,
    }


async def test_a_second_user_finds_nothing_of_the_first_ones(
    talking_house: House, ada: Talk, bob: Talk, provider: WireProvider
):
    names = await everything_of(ada, provider)
    before = await everything_seen(ada, names)
    managed = [(it.method, it.path, it.scope, it.endpoint) for it in declared()]
    kept = [(it.method, it.path, it.scope, it.endpoint) for it in application(talking_house).kept.routes]
    refused = 0
    for method, path, scope, endpoint in [*managed, *kept]:
        body = BODIES.get(endpoint.__name__)
        more: dict[str, Any] = {} if body is None else {"json": body}
        others = ("token", "budget", "hold", "webhook", "delivery", "workspace", "setting", "provider", "queue", "job")
        known = names | dict.fromkeys(others, "x_1")
        response = await bob.http.request(method, path.format(**known), headers=bob.person.headers, **more)
        if scope == ADMIN:
            assert response.status_code == 403, (method, path)
        elif "{" in path and endpoint.__name__ != SHARED:
            assert response.status_code == 404, (method, path, response.text)
            refused += 1
        if endpoint.__name__ != SHARED:
            assert SECRET not in response.text, (method, path)
            assert not [name for kind, name in names.items() if kind != "user" and name in response.text], (
                method,
                path,
            )
    assert refused >= 40
    assert await everything_seen(ada, names) == before


async def everything_seen(ada: Talk, names: dict[str, str]) -> list[Any]:
    paths = ("/api/conversations/{conversation}/export", "/api/runs/{run}", "/api/me/credentials/{credential}")
    kept = ("/v1/conversations/{conversation}", "/v1/conversations/{conversation}/items", "/v1/responses/{response}")
    return [await ada.call("GET", path.format(**names)) for path in (*paths, *kept)]


async def test_nobody_goes_on_from_what_is_anothers(ada: Talk, bob: Talk, provider: WireProvider):
    names = await everything_of(ada, provider)
    mine = await bob.new()
    told = provider.asked
    await bob.call("POST", f"{mine}/messages", 404, json={"message": "Hi", "parent": names["message"]})
    await bob.call("PATCH", mine, 404, json={"tip": names["message"]})
    for store in (True, False, None):
        for start in ({"previous_response_id": names["response"]}, {"conversation": names["conversation"]}):
            asked = {"model": "acme/acme-1", "input": "Hi", "store": store, **start}
            refused = await bob.call("POST", "/v1/responses", 404, json=asked)
            assert SECRET not in str(refused)
    assert provider.asked == told
    for listed in ("/api/conversations", "/api/runs", "/api/me/requests", "/api/me/credentials"):
        found = await bob.call("GET", listed, params={"after": names["conversation"]})
        assert not [name for name in names.values() if name in str(found)]
    assert (await bob.call("GET", "/api/search", params={"q": SECRET}))["data"] == []
    own = mine.rpartition("/")[2]
    await bob.call("GET", f"/v1/conversations/{own}/items", 404, params={"after": names["item"]})
    await bob.call("GET", f"/v1/conversations/{own}/items/{names['item']}", 404)
    await bob.call("DELETE", f"/v1/conversations/{own}/items/{names['item']}", 404)


async def test_who_has_no_token_sees_nothing(http: httpx2.AsyncClient):
    paths = ("/api/conversations", "/api/runs", "/api/search?q=x", "/v1/conversations/conv_1", "/v1/responses/resp_1")
    for path in paths:
        assert (await http.get(path)).status_code == 401


async def test_who_may_not_ask_models_may_not_do_so_by_a_conversation(
    talking_house: House, http: httpx2.AsyncClient, provider: WireProvider
):
    scopes = ("conversations:read", "conversations:write")
    writer = Talk(http, await make_person(talking_house, "carol", scopes=scopes))
    conversation = await writer.new()
    await writer.say(conversation, "Hi", 403)
    await writer.say(conversation, "Hi", 403, stream=True)
    assert provider.asked == 0
    assert await writer.texts(conversation) == []
