"""Jobs in a browser: cancelled, tried again, and found by how they stand."""

from __future__ import annotations

from as_admin import post
from visits import Visit


def job_of(visit: Visit) -> str:
    """The id of one that waits for an hour."""
    conversation = post(visit.gateway, "/api/conversations", {"model": "demo/echo"})["id"]
    later = {"message": "Later", "background": True, "delay": 3600}
    return str(post(visit.gateway, f"/api/conversations/{conversation}/messages", later)["run"])


def test_a_job_is_cancelled_and_tried_again(visit: Visit):
    run = job_of(visit)
    visit.sign_in()
    page = visit.open("/jobs?status=queued")
    page.get_by_role("button", name=f"Cancel {run}").click()
    page.get_by_role("button", name=f"Cancel {run}").wait_for(state="detached")
    visit.open(f"/jobs/{run}")
    assert "cancelled" in page.get_by_role("main").inner_text()
    assert visit.faults() == []
    page.get_by_role("button", name="Retry").click()
    page.get_by_text("succeeded").wait_for()
    page.get_by_role("link", name="Its requests").click()
    page.get_by_role("table", name="Requests").wait_for()
    assert f"run={run}" in page.url


def test_every_number_leads_to_its_jobs(visit: Visit):
    visit.sign_in()
    page = visit.open("/jobs")
    page.get_by_role("definition").get_by_role("link").last.click()
    page.wait_for_url("**status=failed**")
    assert page.get_by_role("button", name="State: failed").is_visible()
