"""Conversations are made, listed, changed, deleted, restored, found, noted on, and copied."""

from __future__ import annotations

import asyncio
from typing import Any

from talks import Talk
from tollhouse.testing import WireProvider, answer, cut, say, stall, status


async def test_a_conversation_is_made_changed_deleted_and_restored(ada: Talk):
    """C4, C6: it may be made with nothing."""
    made = await ada.call("POST", "/api/conversations", 201, json={})
    path = f"/api/conversations/{made['id']}"
    assert (made["title"], made["settings"], made["tip"]) == (None, {}, None)
    changed = await ada.call("PATCH", path, json={"title": "Eggs", "settings": {"temperature": 0}, "pinned": True})
    assert (changed["title"], changed["title_source"], changed["pinned"]) == ("Eggs", "user", True)
    assert await ada.call("GET", path) == changed
    assert await ada.call("PATCH", path, json={}) == changed
    await ada.call("DELETE", path, 204)
    await ada.call("GET", path, 404)
    await ada.call("GET", f"{path}/messages", 404)
    await ada.say(path, "Hi", 404)
    listed = await ada.call("GET", "/api/conversations", params={"deleted": True})
    assert [it["id"] for it in listed["data"]] == [made["id"]]
    assert (await ada.call("POST", f"{path}/restore"))["deleted_at"] is None
    assert await ada.call("GET", path) == changed


async def test_an_application_notes_what_it_wants_of_a_conversation(ada: Talk):
    made = await ada.call("POST", "/api/conversations", 201, json={"metadata": {"ticket": "42"}})
    path = f"/api/conversations/{made['id']}"
    assert (made["metadata"], made["begun_by"]) == ({"ticket": "42"}, None)
    changed = await ada.call("PATCH", path, json={"metadata": {"ticket": "43", "mood": "good"}})
    assert changed["metadata"] == {"ticket": "43", "mood": "good"}
    copied = await ada.call("POST", "/api/conversations/import", 201, json=await ada.call("GET", f"{path}/export"))
    assert copied["metadata"] == changed["metadata"]
    for wrong in ({"a": 1}, {"a": "x" * 513}, {"a" * 65: "x"}, {str(number): "" for number in range(17)}):
        await ada.call("PATCH", path, 422, json={"metadata": wrong})


async def test_the_last_used_is_listed_first_and_pages_turn(ada: Talk, provider: WireProvider):
    """C1, C16."""
    provider.script(answer("Hello"))
    paths = [await ada.new() for _ in range(4)]
    await ada.say(paths[0], "Hi")
    await ada.call("PATCH", paths[3], json={"archived": True})
    newest_first = [paths[number].rpartition("/")[2] for number in (0, 2, 1)]
    first = await ada.call("GET", "/api/conversations", params={"limit": 2})
    assert ([it["id"] for it in first["data"]], first["has_more"]) == (newest_first[:2], True)
    rest = await ada.call("GET", "/api/conversations", params={"limit": 2, "after": first["last_id"]})
    assert ([it["id"] for it in rest["data"]], rest["has_more"]) == (newest_first[2:], False)
    back = await ada.call("GET", "/api/conversations", params={"order": "asc"})
    assert [it["id"] for it in back["data"]] == newest_first[::-1]
    archived = await ada.call("GET", "/api/conversations", params={"archived": True})
    assert [it["id"] for it in archived["data"]] == [paths[3].rpartition("/")[2]]


async def test_messages_are_paged(ada: Talk, provider: WireProvider):
    """C6."""
    conversation = await ada.new()
    turns = []
    for number in range(3):
        provider.script(answer(f"a{number}"))
        turns.append(await ada.say(conversation, f"q{number}"))
    first = await ada.call("GET", f"{conversation}/messages", params={"limit": 4})
    assert (len(first["data"]), first["has_more"]) == (4, True)
    rest = await ada.call("GET", f"{conversation}/messages", params={"after": first["last_id"]})
    assert [it["id"] for it in rest["data"]] == [turns[2]["message"]["id"], turns[2]["answer"]["id"]]
    last = await ada.call("GET", f"{conversation}/messages", params={"limit": 1, "order": "desc"})
    assert [it["id"] for it in last["data"]] == [turns[2]["answer"]["id"]]


async def test_an_edit_a_new_answer_and_a_fork_are_branches(ada: Talk, provider: WireProvider):
    for words in ("one", "uno", "two"):
        provider.script(answer(words))
    conversation = await ada.new()
    first = await ada.say(conversation, "1")
    again = await ada.call("POST", f"{conversation}/messages/{first['answer']['id']}/regenerate", 201)
    assert again["message"]["id"] == first["message"]["id"]
    assert await ada.texts(conversation) == [("user", "1"), ("assistant", "uno")]
    edited = await ada.call(
        "POST", f"{conversation}/messages/{first['message']['id']}/edit", 201, json={"message": "2"}
    )
    assert await ada.texts(conversation) == [("user", "2"), ("assistant", "two")]
    assert await ada.texts(conversation, branch=first["answer"]["id"]) == [("user", "1"), ("assistant", "one")]
    leaves = (await ada.call("GET", f"{conversation}/branches"))["data"]
    assert [it["id"] for it in leaves] == [it["answer"]["id"] for it in (edited, again, first)]
    await ada.call("PATCH", conversation, json={"tip": first["answer"]["id"]})
    assert await ada.texts(conversation) == [("user", "1"), ("assistant", "one")]
    forked = await ada.call("POST", f"{conversation}/fork", 201, json={"message": edited["answer"]["id"]})
    assert forked["forked_from"] == conversation.rpartition("/")[2]
    assert await ada.texts(f"/api/conversations/{forked['id']}") == [("user", "2"), ("assistant", "two")]


async def test_a_new_answer_that_fails_leaves_the_old_one_where_it_was(ada: Talk, provider: WireProvider):
    provider.script(answer("Hello"))
    provider.script(status(400, "no"))
    provider.script(say("Hel"), cut())
    provider.script(answer("Well?"))
    provider.script(answer("Hi!"))
    conversation = await ada.new()
    first = await ada.say(conversation, "Hi")
    path = f"{conversation}/messages/{first['answer']['id']}/regenerate"
    await ada.call("POST", path, 400)
    streamed = await ada.http.post(path, headers=ada.person.headers, json={"stream": True})
    assert "run.failed" in streamed.text
    assert await ada.texts(conversation) == [("user", "Hi"), ("assistant", "Hello")]
    second = await ada.say(conversation, "And now?")
    assert second["message"]["parent"] == first["answer"]["id"]
    assert [it["content"] for it in provider.requests[-1].json["messages"]] == ["Hi", "Hello", "And now?"]
    await ada.call("POST", path, 201)
    assert await ada.texts(conversation) == [("user", "Hi"), ("assistant", "Hi!")]


async def test_what_is_said_while_a_question_is_answered_anew_follows_the_old_answer(ada: Talk, provider: WireProvider):
    provider.script(answer("Hello"))
    provider.script(stall(), *answer("Hi!"))
    provider.script(answer("Well?"))
    conversation = await ada.new()
    first = await ada.say(conversation, "Hi")
    path = f"{conversation}/messages/{first['answer']['id']}/regenerate"
    again = asyncio.create_task(ada.call("POST", path, 201))
    await provider.until(lambda: provider.stalled == 1)
    await ada.say(conversation, "And now?")
    provider.release()
    said = [("user", "Hi"), ("assistant", "Hello"), ("user", "And now?"), ("assistant", "Well?")]
    assert (await again)["answer"]["parent"] == first["message"]["id"]
    assert await ada.texts(conversation) == said


async def test_words_are_kept_otherwise_without_asking_anybody(ada: Talk, provider: WireProvider):
    provider.script(answer("Hello"))
    conversation = await ada.new()
    turn = await ada.say(conversation, "Hi")
    path = f"{conversation}/messages/{turn['answer']['id']}"
    await ada.call("POST", f"{path}/edit", 422, json={"message": "Good day"})
    kept = await ada.call("POST", f"{path}/edit", 201, json={"message": "Good day", "answer": False})
    assert (kept["role"], kept["parent"]) == ("assistant", turn["message"]["id"])
    assert await ada.texts(conversation) == [("user", "Hi"), ("assistant", "Good day")]
    assert provider.asked == 1


async def test_a_failed_question_can_be_answered_anew(ada: Talk, provider: WireProvider):
    """C15."""
    provider.script(status(401, "bad key"))
    provider.script(answer("Hello"))
    conversation = await ada.new()
    failed = await ada.say(conversation, "Hi", 502)
    turn = await ada.call("POST", f"{conversation}/messages/{failed['message']}/regenerate", 201, json={})
    assert turn["run"] != failed["run"]
    assert await ada.texts(conversation) == [("user", "Hi"), ("assistant", "Hello")]
    listed = await ada.call("GET", "/api/runs", params={"conversation": conversation.rpartition("/")[2]})
    assert [run["status"] for run in listed["data"]] == ["succeeded", "failed"]


async def test_feedback_and_pins_are_noted_on_messages(ada: Talk, provider: WireProvider):
    provider.script(answer("Hello"))
    conversation = await ada.new()
    path = f"{conversation}/messages/{(await ada.say(conversation, 'Hi'))['answer']['id']}"
    rated = await ada.call("PUT", f"{path}/feedback", json={"rating": "down", "comment": "Too short."})
    assert rated["feedback"] == {"rating": "down", "comment": "Too short."}
    assert (await ada.call("PATCH", path, json={"pinned": True}))["pinned"]
    await ada.call("DELETE", f"{path}/feedback", 204)
    found = await ada.call("GET", path)
    assert (found["feedback"], found["pinned"]) == (None, True)


async def test_search_finds_words_in_titles_and_messages_of_every_branch(ada: Talk, provider: WireProvider):
    provider.script(answer("Boil it for seven minutes."))
    conversation = await ada.new(title="Breakfast: Eier & Brötchen")
    turn = await ada.say(conversation, "How do I cook an egg?")

    async def found(words: str) -> list[Any]:
        page = await ada.call("GET", "/api/search", params={"q": words})
        return [it["message"] for it in page["data"]]

    assert await found("SEVEN boil") == [turn["answer"]["id"]]
    assert await found("egg cook") == [turn["message"]["id"]]
    assert await found("brötchen") == [None]
    assert await found("egg & (cook)") == [turn["message"]["id"]]
    assert await found("seven egg") == []
    for odd in ('"', "* OR user_id:", "text:seven NOT", "'; --", "&|!", "\u00e9\u0301"):
        assert await found(odd) == []
    await ada.call("PATCH", conversation, json={"title": "Lunch"})
    assert (await found("brötchen"), await found("lunch")) == ([], [None])
    await ada.call("DELETE", conversation, 204)
    assert await found("seven") == []


async def test_search_is_paged_like_every_list(ada: Talk, bob: Talk, provider: WireProvider):
    provider.script(answer("Eggs? Seven minutes."))
    turn = await ada.say(await ada.new(title="Breakfast: eggs"), "How do I boil eggs?")
    asked = {"q": "eggs", "limit": 2}
    first = await ada.call("GET", "/api/search", params=asked)
    assert [it["id"] for it in first["data"]] == [turn["answer"]["id"], turn["message"]["id"]]
    assert (first["first_id"], first["last_id"], first["has_more"]) == (*[it["id"] for it in first["data"]], True)
    rest = await ada.call("GET", "/api/search", params={**asked, "after": first["last_id"]})
    assert ([it["id"] for it in rest["data"]], rest["has_more"]) == ([turn["conversation"]], False)
    strange = await bob.call("GET", "/api/search", params={**asked, "after": first["first_id"]})
    assert strange["data"] == []


async def test_an_export_is_taken_in_again_with_every_branch(ada: Talk, provider: WireProvider):
    provider.script(answer("one"))
    provider.script(answer("uno"))
    conversation = await ada.new(title="Numbers", system="Count.", settings={"temperature": 0})
    first = await ada.say(conversation, "1")
    await ada.call("POST", f"{conversation}/messages/{first['message']['id']}/regenerate", 201)
    exported = await ada.call("GET", f"{conversation}/export")
    assert (exported["format"], exported["version"], len(exported["messages"])) == ("tollhouse.conversation", 1, 3)
    taken = await ada.call("POST", "/api/conversations/import", 201, json=exported)
    path = f"/api/conversations/{taken['id']}"
    assert (taken["title"], taken["system"], taken["settings"]) == ("Numbers", "Count.", {"temperature": 0})
    assert await ada.texts(path) == [("user", "1"), ("assistant", "uno")]
    again = await ada.call("GET", f"{path}/export")
    assert [it["content"] for it in again["messages"]] == [it["content"] for it in exported["messages"]]
    assert len((await ada.call("GET", f"{path}/branches"))["data"]) == 2


async def test_markdown_is_for_people(ada: Talk, provider: WireProvider):
    provider.script(answer("Hello **you**"))
    conversation = await ada.new(title="Greeting", system="Be kind.")
    await ada.say(conversation, "Hi")
    headers = ada.person.headers
    page = await ada.http.get(f"{conversation}/export", headers=headers, params={"format": "markdown"})
    assert page.headers["content-type"].startswith("text/markdown")
    assert page.text == "# Greeting\n\n> Be kind.\n\n## You\n\nHi\n\n## Model (acme/acme-1)\n\nHello **you**\n"


async def test_any_list_of_messages_can_be_taken_in(ada: Talk, provider: WireProvider):
    said = [{"role": "user", "content": "Hi"}, {"role": "assistant", "content": "Hello"}]
    taken = await ada.call("POST", "/api/conversations/import", 201, json={"messages": said})
    assert (taken["title"], taken["title_source"]) == ("Hi", "fallback")
    assert await ada.texts(f"/api/conversations/{taken['id']}") == [("user", "Hi"), ("assistant", "Hello")]
    bad = {"messages": [{"role": "user", "content": "Hi", "parent": "nobody"}]}
    refused = await ada.call("POST", "/api/conversations/import", 422, json=bad)
    assert refused["errors"][0]["pointer"] == "/messages/0/parent"
    await ada.call("POST", "/api/conversations/import", 400, json={"messages": [{"role": "robot", "content": "x"}]})


async def test_what_is_shared_is_a_snapshot_that_can_be_taken_back(ada: Talk, bob: Talk, provider: WireProvider):
    provider.script(answer("Hello"))
    provider.script(answer("secret"))
    conversation = await ada.new(system="You are a spy.")
    await ada.say(conversation, "Hi")
    shared = await ada.call("POST", f"{conversation}/share", 201)
    await ada.say(conversation, "And now?")
    seen = await bob.call("GET", shared["path"])
    assert [line["content"][0]["text"] for line in seen["messages"]] == ["Hi", "Hello"]
    assert "spy" not in str(seen)
    (listed,) = (await ada.call("GET", f"{conversation}/shares"))["data"]
    assert (listed["id"], "key" in listed) == (shared["id"], False)
    await bob.call("DELETE", f"/api/shares/{shared['id']}", 404)
    await ada.call("DELETE", f"/api/shares/{shared['id']}", 204)
    await bob.call("GET", shared["path"], 404)
    assert (await bob.http.get(shared["path"])).status_code == 401
