"""Workspaces, users, tokens and limits, on both databases."""

from __future__ import annotations

from datetime import UTC, datetime, timedelta
from typing import Any

import msgspec
import pytest

from houses import make_admin, make_person
from tollhouse.admin import access, budgets
from tollhouse.admin.desk import COMMAND_LINE, Actor
from tollhouse.app import House
from tollhouse.errors import Conflict, Forbidden, InvalidRequest, NotFound, TollhouseError, Unauthenticated
from tollhouse.gateway.identify import Caller
from tollhouse.store import machinery
from tollhouse.store.paging import Page
from tollhouse.tokens import DEFAULT_SCOPES


async def caller_of(house: House, token: str) -> Caller:
    return await house.steps.identify.caller(token.encode(), house.clock.monotonic(), None)


async def test_a_new_user_has_the_usual_limits_and_a_daily_token_budget(stored_house: House):
    desk = stored_house.desk
    user = await access.create_user(desk, COMMAND_LINE, name="Ada", email="ada@example.com", time_zone="Asia/Tokyo")
    assert user.limits == access.LimitsView(requests_per_minute=20, tokens_per_minute=None, concurrent=100)
    (budget,) = await budgets.list_budgets(desk, user.id)
    assert (budget.unit, budget.window, budget.mode, budget.limit) == ("tokens", "day", "estimate", 100_000)
    assert budget.time_zone == "Asia/Tokyo"


async def test_a_user_without_limits_has_no_limit_and_no_budget(stored_house: House):
    desk = stored_house.desk
    user = await access.create_user(desk, COMMAND_LINE, name="Ada", without_limits=True)
    assert set(msgspec.to_builtins(user.limits).values()) == {None}
    assert len(await budgets.list_budgets(desk, user.id)) == 0


async def test_users_without_a_workspace_share_the_default_one(stored_house: House):
    desk = stored_house.desk
    one = await access.create_user(desk, COMMAND_LINE, name="one")
    two = await access.create_user(desk, COMMAND_LINE, name="two")
    (workspace,) = await access.list_workspaces(desk)
    assert workspace.name == "default"
    assert one.workspace == two.workspace == workspace.id


async def test_a_workspace_has_a_name_of_its_own(stored_house: House):
    desk = stored_house.desk
    made = await access.create_workspace(desk, COMMAND_LINE, "lab")
    user = await access.create_user(desk, COMMAND_LINE, name="Ada", workspace="lab")
    assert user.workspace == made.id
    with pytest.raises(Conflict):
        await access.create_workspace(desk, COMMAND_LINE, "lab")


async def test_who_is_made_without_a_time_zone_has_the_workspaces(stored_house: House):
    desk = stored_house.desk
    await access.create_workspace(desk, COMMAND_LINE, "lab", "Asia/Kathmandu")
    made = [
        await access.create_user(desk, COMMAND_LINE, name="a", workspace="lab"),
        await access.create_user(desk, COMMAND_LINE, name="b", workspace="lab", time_zone="Asia/Tokyo"),
        await access.create_user(desk, COMMAND_LINE, name="c"),
    ]
    assert [user.time_zone for user in made] == ["Asia/Kathmandu", "Asia/Tokyo", "UTC"]
    kept = [(await budgets.list_budgets(desk, user.id)).data[0].time_zone for user in made]
    assert kept == [user.time_zone for user in made]


async def test_a_workspace_moves_to_another_time_zone_and_its_budgets_with_it(stored_house: House):
    desk = stored_house.desk
    user = await access.create_user(desk, COMMAND_LINE, name="Ada")
    rule = {"unit": "requests", "window": "day", "limit": 3}
    await budgets.set_budget(desk, COMMAND_LINE, owner_kind="workspace", owner_id="default", **rule)
    moved = await access.change_workspace(desk, COMMAND_LINE, "default", time_zone="Australia/Adelaide")
    assert [(one.id, one.time_zone) for one in await access.list_workspaces(desk)] == [(moved.id, "Australia/Adelaide")]
    zones = {next(iter(one.owner)): one.time_zone for one in await budgets.list_budgets(desk)}
    assert zones == {"workspace": "Australia/Adelaide", "user": "UTC"}
    assert (await access.get_user(desk, user.id)).time_zone == "UTC"
    noted = [row["deed"] for row in await desk.store.read(lambda tx: machinery.deeds(tx, Page(limit=100)))]
    assert noted[:2] == ["budget.change", "workspace.change"]
    with pytest.raises(NotFound):
        await access.change_workspace(desk, COMMAND_LINE, "nowhere", time_zone="UTC")
    with pytest.raises(TollhouseError) as refused:
        await access.change_workspace(desk, COMMAND_LINE, "default", time_zone="Mars/Olympus")
    assert refused.value.param == "time_zone"


@pytest.mark.parametrize(
    ("field", "given"),
    [
        ("name", {"name": ""}),
        ("name", {"name": "   "}),
        ("name", {"name": "a" * 201}),
        ("name", {"name": "a\nb"}),
        ("email", {"name": "a", "email": "nobody"}),
        ("email", {"name": "a", "email": "a@b c"}),
        ("time_zone", {"name": "a", "time_zone": "Mars/Olympus"}),
        ("time_zone", {"name": "a", "time_zone": "../../etc/passwd"}),
        ("workspace", {"name": "a", "workspace": "ws_nowhere"}),
    ],
)
async def test_what_cannot_be_a_user_is_refused_by_field(house: House, field: str, given: dict[str, Any]):
    with pytest.raises(TollhouseError) as refused:
        await access.create_user(house.desk, COMMAND_LINE, **given)
    assert refused.value.param == field
    assert len(await access.list_users(house.desk)) == 0


async def test_users_are_listed_in_pages_that_neither_repeat_nor_skip(stored_house: House):
    desk = stored_house.desk
    made = [(await access.create_user(desk, COMMAND_LINE, name=f"u{n}")).id for n in range(5)]
    seen: list[str] = []
    page = await access.list_users(desk, Page(limit=2))
    while True:
        seen += [user.id for user in page]
        if not page.has_more:
            break
        page = await access.list_users(desk, Page(limit=2, after=page.last_id))
    assert seen == made[::-1]


async def test_a_name_that_two_users_have_names_neither(stored_house: House):
    desk = stored_house.desk
    first = await access.create_user(desk, COMMAND_LINE, name="twin")
    assert (await access.get_user(desk, "twin")).id == first.id
    await access.create_user(desk, COMMAND_LINE, name="twin")
    with pytest.raises(NotFound):
        await access.get_user(desk, "twin")


async def test_a_disabled_user_is_refused_at_once_and_let_in_again(stored_house: House):
    ada = await make_person(stored_house)
    assert (await caller_of(stored_house, ada.token)).user_id == ada.id
    await access.disable_user(stored_house.desk, COMMAND_LINE, ada.id)
    with pytest.raises(Unauthenticated) as refused:
        await caller_of(stored_house, ada.token)
    assert refused.value.code == "user_disabled"
    await access.enable_user(stored_house.desk, COMMAND_LINE, ada.id)
    assert (await caller_of(stored_house, ada.token)).user_id == ada.id


async def test_limits_that_are_not_said_stay(stored_house: House):
    desk = stored_house.desk
    user = await access.create_user(desk, COMMAND_LINE, name="Ada")
    changed = await access.set_limits(desk, COMMAND_LINE, user.id, requests_per_minute=None, tokens_per_minute=5)
    assert changed.limits == access.LimitsView(requests_per_minute=None, tokens_per_minute=5, concurrent=100)
    assert await access.get_user(desk, user.id) == changed


@pytest.mark.parametrize("limit", [0, -1, 2**31, 10**30])
async def test_an_absurd_limit_is_refused_by_name(house: House, limit: int):
    user = await access.create_user(house.desk, COMMAND_LINE, name="Ada")
    with pytest.raises(TollhouseError) as refused:
        await access.set_limits(house.desk, COMMAND_LINE, user.id, concurrent=limit)
    assert (refused.value.status, refused.value.param) == (422, "concurrent")


async def test_a_token_lets_in_with_the_usual_scopes_and_is_kept_as_a_digest(stored_house: House):
    desk = stored_house.desk
    ada = await make_person(stored_house)
    caller = await caller_of(stored_house, ada.token)
    assert (caller.token_id, caller.scopes) == (ada.token_id, DEFAULT_SCOPES)
    (listed,) = await access.list_tokens(desk, ada.id)
    assert ada.token.startswith(listed.prefix)
    assert ada.token not in msgspec.json.encode(listed).decode()


async def test_a_token_made_without_the_pepper_is_unknown(stored_house: House):
    ada = await make_person(stored_house)
    bare = msgspec.structs.replace(stored_house.desk, pepper=b"")
    planted = await access.create_token(bare, COMMAND_LINE, ada.id, name="planted in the database")
    with pytest.raises(Unauthenticated):
        await caller_of(stored_house, planted.token)


async def test_a_revoked_token_is_refused_and_keeps_its_first_moment(stored_house: House):
    desk = stored_house.desk
    ada = await make_person(stored_house)
    await caller_of(stored_house, ada.token)
    first = await access.revoke_token(desk, COMMAND_LINE, ada.token_id)
    again = await access.revoke_token(desk, COMMAND_LINE, ada.token_id)
    assert first.revoked_at is not None
    assert again.revoked_at == first.revoked_at
    with pytest.raises(Unauthenticated) as refused:
        await caller_of(stored_house, ada.token)
    assert refused.value.code == "token_revoked"


async def test_nobody_hands_on_a_scope_of_which_they_have_none(house: House):
    ada = await make_person(house, scopes=["inference"])
    actor = Actor(ada.token_id, await caller_of(house, ada.token))
    with pytest.raises(Forbidden):
        await access.create_token(house.desk, actor, ada.id, name="more", scopes=["inference", "usage:read"])
    with pytest.raises(Forbidden):
        await access.create_token(house.desk, actor, ada.id, name="more", scopes=["admin:*"])
    made = await access.create_token(house.desk, actor, ada.id, name="same", scopes=["inference"])
    assert made.scopes == ("inference",)


async def test_a_token_does_not_outlive_the_one_that_makes_it(house: House):
    root = await make_admin(house)
    now = house.clock.now()
    expiry = now + timedelta(hours=1)
    short = await access.create_token(
        house.desk, COMMAND_LINE, root.id, name="short", scopes=["admin:*"], expires_at=expiry
    )
    actor = Actor(short.id, await caller_of(house, short.token))
    with pytest.raises(Forbidden):
        await access.create_token(house.desk, actor, root.id, name="long", expires_at=expiry + timedelta(seconds=1))
    assert (await access.create_token(house.desk, actor, root.id, name="unsaid")).expires_at == expiry


@pytest.mark.parametrize("expires_at", [datetime(2020, 1, 1, tzinfo=UTC), datetime(2099, 1, 1)])  # noqa: DTZ001
async def test_an_expiry_that_is_past_or_nowhere_is_refused(house: House, expires_at: datetime):
    ada = await make_person(house)
    with pytest.raises(TollhouseError) as refused:
        await access.create_token(house.desk, COMMAND_LINE, ada.id, name="t", expires_at=expires_at)
    assert (refused.value.status, refused.value.param) == (422, "expires_at")


async def test_unknown_scopes_are_refused(house: House):
    ada = await make_person(house)
    with pytest.raises(InvalidRequest):
        await access.create_token(house.desk, COMMAND_LINE, ada.id, name="t", scopes=["everything"])


async def test_every_change_is_written_down_with_who_did_it(stored_house: House):
    desk = stored_house.desk
    ada = await make_person(stored_house)
    root = Actor("tok_root")
    await access.set_limits(desk, root, ada.id, concurrent=1)
    await access.disable_user(desk, root, ada.id)
    await access.revoke_token(desk, root, ada.token_id)
    deeds = [
        (row["deed"], row["actor"], row["subject"])
        for row in await desk.store.read(lambda tx: machinery.deeds(tx, Page(limit=100)))
    ]
    assert deeds[:3] == [
        ("token.revoke", "tok_root", ada.token_id),
        ("user.disable", "tok_root", ada.id),
        ("user.limits", "tok_root", ada.id),
    ]
    assert {deed for deed, actor, _ in deeds if actor == "command line"} == {
        "workspace.create",
        "user.create",
        "token.create",
    }
    text = repr([dict(row) for row in await desk.store.read(lambda tx: machinery.deeds(tx, Page(limit=100)))])
    assert ada.token not in text
