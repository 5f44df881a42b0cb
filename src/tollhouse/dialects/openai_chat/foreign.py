"""A request that was read in another dialect, put so that this one can say it."""

from __future__ import annotations

from collections.abc import Iterator

from msgspec.structs import replace

from tollhouse.dialects import call_ids, carry, chat, effort, end_user, turns

_EXTENSIONS = {"application/pdf": ".pdf", "text/plain": ".txt"}
_FORM_NAME = "answer"


def adapted(request: chat.ChatRequest) -> chat.ChatRequest:
    """The same request without what only its own dialect knows, in the shapes of this one."""
    request = carry.bare(request)
    wanted = request.reasoning_effort
    if wanted is None and request.reasoning_budget_tokens is not None:
        wanted = effort.effort(request.reasoning_budget_tokens)
    form = request.response_format
    if form is not None and form.type == "json_schema" and form.name is None:
        form = replace(form, name=_FORM_NAME)
    return replace(
        request,
        messages=tuple(_messages(call_ids.fitted(turns.joined(request.messages), call_ids.CHARS_MOST))),
        # Without tools the API takes no choice among them.
        tool_choice=request.tool_choice if request.tools else None,
        parallel_tool_calls=request.parallel_tool_calls if request.tools else None,
        response_format=form,
        top_logprobs=request.top_logprobs if request.logprobs else None,
        reasoning_effort=wanted,
        user=end_user.brief(request.user),
    )


def _messages(messages: tuple[chat.Message, ...]) -> Iterator[chat.Message]:
    """A tool's message holds words only: what else it brought is shown by the user, after all tools have spoken."""
    shown: list[chat.Part] = []
    for message in messages:
        is_tool = message.role == "tool"
        if shown and not is_tool:
            yield chat.Message(role="user", parts=tuple(shown))
            shown = []
        # OpenAI means the same by both words; many vendors know one.
        message = replace(message, role="system") if message.role == "developer" else message
        if carry.is_plain(message):
            yield message
            continue
        parts = tuple(map(_part, message.parts))
        if is_tool:
            shown += [part for part in parts if not isinstance(part, chat.TextPart)]
            parts = tuple([part for part in parts if isinstance(part, chat.TextPart)])
        yield replace(message, parts=parts)
    if shown:
        yield chat.Message(role="user", parts=tuple(shown))


def _part(part: chat.Part) -> chat.Part:
    """Documents must have a name here, and what earlier words rest on is not said again."""
    if isinstance(part, chat.TextPart) and part.citations:
        return chat.TextPart(part.text)
    if isinstance(part, chat.FilePart) and part.data is not None and part.filename is None:
        kind = part.data.removeprefix("data:").partition(";")[0]
        return replace(part, filename="document" + _EXTENSIONS.get(kind, ""))
    return part
