"""A request that was read in another dialect, put so that this one can say it."""

from __future__ import annotations

from msgspec.structs import replace

from tollhouse.dialects import call_ids, carry, chat, effort, end_user

_EXTENSIONS = {"application/pdf": ".pdf", "text/plain": ".txt"}
_FORM_NAME = "answer"
_ID_CHARS = 64
"""Of a call, at most (decolua/9router #393)."""


def adapted(request: chat.ChatRequest) -> chat.ChatRequest:
    """The same request without what only its own dialect knows, in the shapes of this one."""
    request = carry.bare(request)
    wanted = request.reasoning_effort
    if wanted is None and request.reasoning_budget_tokens is not None:
        wanted = effort.effort(request.reasoning_budget_tokens)
    messages = call_ids.fitted(request.messages, _ID_CHARS)
    form = request.response_format
    if form is not None and form.type == "json_schema" and form.name is None:
        form = replace(form, name=_FORM_NAME)
    return replace(
        request,
        messages=tuple([replace(message, parts=tuple(map(_part, message.parts))) for message in messages]),
        # Functions are strict here unless they say no: OpenAI, "Migrate to the Responses API", 2026-11-22.
        tools=tuple([replace(tool, strict=tool.strict or False) for tool in request.tools]),
        response_format=form,
        reasoning_effort=wanted,
        user=end_user.brief(request.user),
    )


def _part(part: chat.Part) -> chat.Part:
    """Documents that are sent along must have a name here."""
    if isinstance(part, chat.FilePart) and part.data is not None and part.filename is None:
        kind = part.data.removeprefix("data:").partition(";")[0]
        return replace(part, filename="document" + _EXTENSIONS.get(kind, ""))
    return part
