"""/api/conversations/{id}/messages and /api/runs: what is said, answered, followed, stopped and tried again."""

from __future__ import annotations

from typing import Annotated

import msgspec
from fastapi import Query, Request, Response

from tollhouse.admin.views import Listing, listing
from tollhouse.api.http import Head
from tollhouse.api.management import conversation_bodies as bodies
from tollhouse.api.management.conversations import READ, WRITE
from tollhouse.api.management.door import HEAD, Here, Visit
from tollhouse.api.management.run_answer import whole
from tollhouse.api.management.run_stream import EventStream, RunStream
from tollhouse.api.management.table import Table
from tollhouse.api.repeats import REPLAYED, SAFE_KEY
from tollhouse.conversations.messages.views import AcceptedView, MessageId, RunView, TurnView, turn_view
from tollhouse.conversations.telling.feed import BEGINNING, Feed, Place, read_place
from tollhouse.conversations.telling.ui import UiTelling
from tollhouse.conversations.turns import following, questions
from tollhouse.conversations.turns.beginning import Asked, Ended, How, Queued
from tollhouse.conversations.turns.following import PollView
from tollhouse.conversations.turns.take import Origin
from tollhouse.errors import InvalidRequest

UI = "vercel"

table = Table("conversations")


@table.post("/api/conversations/{conversation}/messages", scope=WRITE, status=201, later=AcceptedView)
async def send_message(
    here: Here,
    conversation: str,
    body: bodies.NewMessage,
    form: Annotated[bodies.StreamAsked, Query()],
    http: Request,
) -> TurnView | Response:
    """Say something and hear the answer, whole or as events (`stream`). What a key has asked before is asked once."""
    if form.format == UI and not body.stream:
        raise InvalidRequest("`format=vercel` is a stream: ask for one with `stream`.", param="stream")
    how = how_of(body, http, "messages")
    asked = await questions.ask(here.conversing, here.caller, conversation, body.message, how, parent=body.parent)
    return await answered(here, asked, body.stream, form.format)


@table.post("/api/conversations/{conversation}/messages/{message}/edit", scope=WRITE, status=201, later=AcceptedView)
async def edit_message(
    here: Here, conversation: str, message: str, body: bodies.Edit, http: Request
) -> TurnView | Response:
    """Say something otherwise: a branch beside the old one, answered unless `answer` is false."""
    if not body.answer:
        view = await questions.rewrite(here.conversing, here.caller, conversation, message, body.message)
        return Response(msgspec.json.encode(view), 201, media_type="application/json")
    how = how_of(body, http)
    asked = await questions.edit(here.conversing, here.caller, conversation, message, body.message, how)
    return await answered(here, asked, body.stream)


@table.post(
    "/api/conversations/{conversation}/messages/{message}/regenerate", scope=WRITE, status=201, later=AcceptedView
)
async def regenerate_message(
    here: Here, conversation: str, message: str, http: Request, body: bodies.How | None = None
) -> TurnView | Response:
    """Answer a question again, or the question of an answer; the new answer is a branch beside the old one."""
    body = body or bodies.How()
    asked = await questions.regenerate(here.conversing, here.caller, conversation, message, how_of(body, http))
    return await answered(here, asked, body.stream)


@table.get("/api/conversations/{conversation}/poll", scope=READ)
async def poll_conversation(here: Here, conversation: str, asked: Annotated[bodies.PollAsked, Query()]) -> PollView:
    """Which runs are under way, and the messages after one."""
    return await following.poll(here.conversing, here.caller, conversation, asked.after)


@table.get("/api/runs", scope=READ)
async def list_runs(here: Here, asked: Annotated[bodies.RunsAsked, Query()]) -> Listing[RunView]:
    """A page of your runs, newest first: all, of one status, or of one conversation."""
    views, has_more = await following.listed(
        here.conversing, here.caller, asked.page, status=asked.status, conversation=asked.conversation
    )
    return listing(views, has_more=has_more)


@table.get("/api/runs/{run}", scope=READ)
async def get_run(here: Here, run: str, asked: Annotated[bodies.RunAsked, Query()]) -> RunView:
    """One run; with `wait`, as it is after so many seconds, or at its end if that is sooner."""
    return await following.get(here.conversing, here.caller, run, asked.wait)


@table.get("/api/runs/{run}/events", scope=READ)
async def follow_run(here: Here, run: str, asked: Annotated[bodies.FeedAsked, Query()], http: Request) -> Response:
    """What a run tells, as server-sent events: from its beginning or after a place, live or later, until its end.

    Whoever was cut off goes on with `Last-Event-ID`, or `starting_after`, as `attempt.sequence`.
    """
    place = read_place(http.headers.get("last-event-id") or asked.starting_after, "starting_after")
    if asked.format == UI and place != BEGINNING:
        raise InvalidRequest("A stream for `useChat` begins at the beginning.", param="starting_after")
    return await followed(here, run, place, asked.format)


@table.patch("/api/runs/{run}", scope=WRITE)
async def change_run(here: Here, run: str, body: bodies.RunChange) -> RunView:
    """Let a run in the background that waits overtake others of your workspace, or be overtaken."""
    return await following.prioritize(here.conversing, here.caller, run, body.priority)


@table.post("/api/runs/{run}/cancel", scope=WRITE)
async def cancel_run(here: Here, run: str) -> RunView:
    """Stop a run: what was said so far is kept. One that has ended stays as it is."""
    return await following.cancel(here.conversing, here.caller, run)


@table.post("/api/runs/{run}/retry", scope=WRITE, later=AcceptedView)
async def retry_run(here: Here, run: str, http: Request, body: bodies.Retry | None = None) -> RunView | Response:
    """Try a run again that failed or was cancelled, as another attempt at the same question."""
    body = body or bodies.Retry()
    asked = await questions.retry(
        here.conversing, here.caller, run, origin_of(http), stream=body.stream, background=body.background
    )
    if isinstance(asked, Queued):
        return await followed(here, run) if body.stream else accepted(asked.run)
    return RunStream(here, asked) if body.stream else await whole(here, asked, 200, lambda outcome: outcome.run)


def how_of(body: bodies.How, http: Request, route: str | None = None) -> How:
    """How the turn is executed. Raises InvalidRequest."""
    for name in ("delay", "deadline"):
        if not body.background and getattr(body, name):
            raise InvalidRequest(f"Only a run in the background has a {name}.", param=name)
    head: Head = http.scope[HEAD]
    key = head.idempotency_key
    if key is not None and not SAFE_KEY.fullmatch(key):
        raise InvalidRequest("Idempotency-Key is 1 to 255 printable ASCII characters without spaces.")
    return How(
        origin=origin_of(http),
        model=body.model,
        settings=body.settings,
        stream=body.stream,
        background=body.background,
        priority=body.priority,
        delay_s=body.delay,
        deadline_s=body.deadline,
        key=None if key is None or route is None else key.decode(),
    )


def origin_of(http: Request) -> Origin:
    """Where the turn is asked for."""
    head: Head = http.scope[HEAD]
    traceparent = http.headers.get("traceparent")
    return Origin(
        request_id=head.id,
        ip=head.ip,
        user_agent=head.user_agent,
        client_request_id=head.client_request_id,
        tag=head.tag,
        traceparent=None if traceparent is None else traceparent.encode("latin-1"),
    )


async def answered(here: Visit, asked: Asked, stream: bool, form: str = "events") -> Response:
    """The turn when it has ended, or its events; of a run in the background, where to ask for it."""
    if isinstance(asked, Queued):
        return await followed(here, asked.run.id, form=form) if stream else accepted(asked.run)
    if isinstance(asked, Ended):
        return await answered_before(here, asked, stream, form)
    if stream:
        return RunStream(here, asked, UiTelling(asked.id) if form == UI else None)
    return await whole(here, asked, 201, lambda outcome: turn_view(outcome.run, outcome.message))


async def answered_before(here: Visit, ended: Ended, stream: bool, form: str) -> Response:
    """A turn that was answered under the same key: whole, or as the events that it was told in."""
    if stream:
        response = await followed(here, ended.run.id, form=form)
    else:
        view = turn_view(ended.run, ended.message)
        response = Response(msgspec.json.encode(view), 201, media_type="application/json")
    response.raw_headers.append(REPLAYED)
    return response


async def followed(here: Visit, run: str, after: Place = BEGINNING, form: str = "events") -> Response:
    """A run's events, whoever executes it. Raises NotFound."""
    feed = Feed(here.conversing, here.caller, run, after)
    await feed.open()
    ui = UiTelling(run) if form == UI else None
    return EventStream(feed, ui=ui, is_leaving=lambda: here.conversing.under_way.is_leaving)


def accepted(run: RunView) -> Response:
    """A run in the background is written down, and will be executed."""
    body = AcceptedView(run=run.id, message=MessageId(id=run.message), status=run.status)
    response = Response(msgspec.json.encode(body), 202, media_type="application/json")
    response.headers["location"] = f"/api/runs/{run.id}"
    response.headers["retry-after"] = "1"
    return response
