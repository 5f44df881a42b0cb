"""The demo's traffic goes as it came, and takes nothing of anybody's with it; on both databases."""

from __future__ import annotations

from random import Random

import pytest

from houses import make_person
from tollhouse.admin import access, budgets, demo
from tollhouse.admin.desk import COMMAND_LINE
from tollhouse.app import House
from tollhouse.errors import Conflict
from tollhouse.money.verify import Checked, differences
from tollhouse.store.paging import Page

EVERYBODY = Page(limit=100)


async def names(house: House) -> set[str]:
    return {one.name for one in (await access.list_users(house.desk, EVERYBODY)).data}


async def seed(house: House) -> demo.Seeded:
    return await demo.seed(house.desk, COMMAND_LINE, chance=Random(1), a_day=3)


async def test_a_workspace_of_that_name_which_is_somebodys_own_is_left_alone(stored_house: House):
    house = stored_house
    await access.create_workspace(house.desk, COMMAND_LINE, name="demo")
    person = await make_person(house, workspace="demo")
    with pytest.raises(Conflict, match="your own"):
        await seed(house)
    before = await names(house)
    assert (await demo.clear(house.desk, COMMAND_LINE)).requests == 0
    assert await names(house) == before
    assert len((await access.list_tokens(house.desk, person.id, EVERYBODY)).data) == 1


async def test_who_has_moved_in_with_the_demo_stays_when_it_goes(stored_house: House):
    house = stored_house
    before = await names(house)
    seeded = await seed(house)
    ada, grace = [one for one in (await access.list_users(house.desk, EVERYBODY)).data if "(demo)" in one.name][:2]
    await access.create_token(house.desk, COMMAND_LINE, ada.id, name="mine")
    await budgets.set_budget(
        house.desk, COMMAND_LINE, owner_kind="user", owner_id=grace.id, unit="usd", window="day", limit="1"
    )
    person = await make_person(house, workspace="demo")
    assert (await demo.clear(house.desk, COMMAND_LINE)).requests == seeded.requests
    assert await names(house) - before == {ada.name, grace.name, (await access.get_user(house.desk, person.id)).name}
    assert await house.store.read(lambda tx: [*differences(tx, house.clock.now(), Checked())]) == []


async def test_the_demo_can_be_looked_at_again_once_it_is_gone(stored_house: House):
    house = stored_house
    before = await names(house)
    for _ in range(2):
        seeded = await seed(house)
        assert (await demo.clear(house.desk, COMMAND_LINE)).requests == seeded.requests > 0
        assert await names(house) == before
