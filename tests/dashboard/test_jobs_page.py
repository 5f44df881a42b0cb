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


def test_the_queue_is_paused_which_home_tells_and_resumed(visit: Visit):
    visit.sign_in()
    page = visit.open("/jobs")
    page.get_by_role("button", name="Pause the queue").click()
    page.get_by_label("Why, if you like").fill("Repairs at night")
    assert visit.faults() == []
    page.get_by_role("dialog").get_by_role("button", name="Pause").click()
    page.get_by_text("The queue is paused").wait_for()
    assert visit.faults() == []
    visit.open("/")
    page.get_by_role("link", name="The queue is paused: Repairs at night").click()
    page.get_by_role("button", name="Resume the queue").click()
    page.get_by_role("button", name="Pause the queue").wait_for()
    assert page.get_by_text("The queue is paused").count() == 0


def test_a_job_that_waits_gets_another_priority(visit: Visit):
    run = job_of(visit)
    visit.sign_in()
    page = visit.open(f"/jobs/{run}")
    page.get_by_role("button", name="Change priority").click()
    page.get_by_label("Priority", exact=True).select_option("9")
    assert visit.faults() == []
    page.get_by_role("dialog").get_by_role("button", name="Change").click()
    page.get_by_text("9 of 9").wait_for()


def test_all_that_failed_are_tried_again_at_once(visit: Visit):
    conversation = post(visit.gateway, "/api/conversations", {"model": "demo/echo"})["id"]
    late = {"message": "Late", "background": True, "delay": 0.2, "deadline": 0.1}
    run = post(visit.gateway, f"/api/conversations/{conversation}/messages", late)["run"]
    visit.sign_in()
    page = visit.open(f"/jobs/{run}")
    page.get_by_text("failed", exact=True).wait_for()
    visit.open("/jobs?status=failed")
    page.get_by_role("button", name="Retry all of these").click()
    page.get_by_role("dialog").get_by_role("button", name="Retry all").click()
    page.get_by_role("status").get_by_text("will be tried again").wait_for()
    visit.open(f"/jobs/{run}")
    page.get_by_text("succeeded").wait_for()
