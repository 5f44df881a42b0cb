"""/api/jobs: an operator sees what everybody lets be done in the background, and none of its words."""

from __future__ import annotations

from houses import make_admin
from talks import Talk
from tollhouse.app import House


async def test_an_operator_sees_stops_and_tries_again_what_waits(talking_house: House, ada: Talk, bob: Talk):
    root = Talk(ada.http, await make_admin(talking_house))
    asked = [
        (await talk.say(await talk.new(), "swordfish", 202, background=True, delay=600))["run"] for talk in (ada, bob)
    ]
    page = await root.call("GET", "/api/jobs")
    assert [job["id"] for job in page["data"]] == asked[::-1]
    assert "swordfish" not in str(page)
    (hers,) = (await root.call("GET", "/api/jobs", params={"user": ada.person.id}))["data"]
    assert hers == await root.call("GET", f"/api/jobs/{asked[0]}")
    assert (hers["user"], hers["status"], hers["attempt"]) == (ada.person.id, "queued", 1)
    (first,) = (await root.call("GET", "/api/jobs", params={"limit": 1, "order": "asc"}))["data"]
    assert first == hers
    assert (await root.call("POST", f"/api/jobs/{asked[0]}/cancel"))["status"] == "cancelled"
    assert (await ada.call("GET", f"/api/runs/{asked[0]}"))["status"] == "cancelled"
    (stopped,) = (await root.call("GET", "/api/jobs", params={"status": "cancelled"}))["data"]
    assert stopped["id"] == asked[0]
    assert (await root.call("POST", f"/api/jobs/{asked[0]}/retry"))["status"] == "queued"
    await root.call("POST", f"/api/jobs/{asked[1]}/retry", 409)


async def test_what_is_not_there_or_not_in_the_background_is_not_found(talking_house: House, ada: Talk):
    root = Talk(ada.http, await make_admin(talking_house))
    for path in ("/api/jobs/run_nobody", "/api/jobs/msg_nobody"):
        await root.call("GET", path, 404)
        await root.call("POST", f"{path}/cancel", 404)
        await root.call("POST", f"{path}/retry", 404)
    await root.call("GET", "/api/jobs", 404, params={"user": "nobody"})
    await root.call("GET", "/api/jobs", 422, params={"status": "lost"})
    await ada.call("GET", "/api/jobs", 403)
