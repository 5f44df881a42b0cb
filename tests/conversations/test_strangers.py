"""C7, C17: what is another's is not there, on every route there is."""

from __future__ import annotations

import httpx2

from houses import make_person
from talks import Talk
from tollhouse.api.management import conversations, sharing, turns
from tollhouse.app import House, application
from tollhouse.testing import WireProvider, answer

BODIES = {
    "send_message": {"message": "Hi"},
    "edit_message": {"message": "Hi"},
    "give_feedback": {"rating": "up"},
    "change_conversation": {"title": "mine"},
    "change_message": {"pinned": True},
}
SAID = {
    "update": {"metadata": {"mine": "yes"}},
    "add_items": {"items": [{"type": "message", "role": "user", "content": "Hi"}]},
}
OWN = {"create_conversation", "list_conversations", "import_conversation", "search", "list_runs", "get_shared"}
"""Routes that name nothing of anybody's; what a key opens is meant for others."""


async def test_a_second_user_finds_nothing_of_the_first_ones(ada: Talk, bob: Talk, provider: WireProvider):
    provider.script(answer("The password is swordfish."))
    conversation = await ada.new(title="Passwords")
    turn = await ada.say(conversation, "Tell me the password")
    share = await ada.call("POST", f"{conversation}/share", 201)
    before = await ada.call("GET", f"{conversation}/export")
    names = {
        "conversation": conversation.rpartition("/")[2],
        "message": turn["answer"]["id"],
        "run": turn["run"],
        "share": share["id"],
        "key": share["key"],
    }
    routes = [route for room in (conversations, turns, sharing) for route in room.table.routes]
    guarded = [route for route in routes if route.endpoint.__name__ not in OWN]
    assert len(guarded) == len(routes) - len(OWN) > 15
    for route in guarded:
        body = BODIES.get(route.endpoint.__name__)
        more = {} if body is None else {"json": body}
        refused = await bob.call(route.method, route.path.format(**names), 404, **more)
        assert "swordfish" not in str(refused)
    assert (await bob.call("GET", "/api/search", params={"q": "swordfish"}))["data"] == []
    for listed in ("/api/conversations", "/api/runs"):
        assert (await bob.call("GET", listed))["data"] == []
    assert (await bob.call("GET", "/api/conversations", params={"after": names["conversation"]}))["data"] == []
    assert await ada.call("GET", f"{conversation}/export") == before
    mine = await bob.new()
    for body in ({"message": "Hi", "parent": names["message"]},):
        await bob.call("POST", f"{mine}/messages", 404, json=body)
    await bob.call("PATCH", mine, 404, json={"tip": names["message"]})


async def test_nor_in_openais_shape(talking_house: House, ada: Talk, bob: Talk, provider: WireProvider):
    provider.script(answer("The password is swordfish."))
    conversation = await ada.new()
    await ada.say(conversation, "Tell me the password")
    path = f"/v1/conversations/{conversation.rpartition('/')[2]}"
    items = (await ada.call("GET", f"{path}/items"))["data"]
    before = await ada.call("GET", f"{conversation}/export")
    names = {"conversation": path.rpartition("/")[2], "item": items[0]["id"]}
    guarded = [route for route in application(talking_house).kept.routes if "{" in route.path]
    assert len(guarded) > 6
    for route in guarded:
        body = SAID.get(route.endpoint.__name__)
        more = {} if body is None else {"json": body}
        refused = await bob.call(route.method, route.path.format(**names), 404, **more)
        assert "swordfish" not in str(refused)
    assert await ada.call("GET", f"{conversation}/export") == before


async def test_who_has_no_token_sees_nothing(http: httpx2.AsyncClient):
    for path in ("/api/conversations", "/api/runs", "/api/search?q=x"):
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
