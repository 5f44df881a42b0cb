"""A response as a stream, written: our events become those of this dialect."""

from __future__ import annotations

from bisect import bisect_right
from collections.abc import Mapping
from itertools import accumulate
from typing import Any

import msgspec
from msgspec import Raw
from msgspec.structs import replace

from tollhouse.dialects import chat, sse
from tollhouse.dialects.modelled import FIELDS
from tollhouse.dialects.openai_errors import error_object
from tollhouse.dialects.openai_responses.answer import incomplete_reason, item_id, response, tokens_of
from tollhouse.dialects.openai_responses.items import prove_call, write_picture
from tollhouse.dialects.openai_responses.open_items import OpenCall, OpenMessage, OpenThinking, Said, WholeItem
from tollhouse.dialects.openai_responses.places import moved
from tollhouse.dialects.openai_responses.seal import Proof


class Writer:
    """Says events as this dialect's stream.

    At most one item is open at a time. Sound has no word here; its transcript is said.

    Attributes:
        repeated: what the response repeats of its request, and what else is known of it.
        sequence_number: of the next event.
    """

    def __init__(
        self,
        id: str,  # noqa: A002
        model: str,
        created: int,
        include_usage: bool,
        *,
        repeated: Mapping[str, Any] | None = None,
        names_items: bool = False,
        shows_seals: bool = True,
    ) -> None:
        """Name the answer.

        Args:
            id: of the answer; ids of items are made from it.
            model: that serves.
            created: seconds since the epoch.
            include_usage: makes no difference: a response always tells its usage.
            repeated: fields of the response that are not at their defaults.
            names_items: every item is named as one of this answer, whatever its provider called it.
            shows_seals: the client is to have what proves thinking to its maker.
        """
        self.repeated = dict(repeated or {})
        self.sequence_number = 0
        self._head = {"id": id, "created_at": created, "model": model}
        self._names_items = names_items
        self._shows_seals = shows_seals
        self._said: list[Said] = []
        self._items: list[OpenMessage | OpenThinking | OpenCall | WholeItem] = []
        self._open: OpenMessage | OpenThinking | OpenCall | WholeItem | None = None
        self._words: OpenMessage | None = None
        self._usage: chat.Usage | None = None
        self._why_incomplete: str | None = None

    def write(self, event: chat.Event) -> bytes:
        """The event's bytes; empty when this dialect says nothing, or says it later."""
        if type(event) is chat.TextDelta and type(self._open) is OpenMessage and event.text:
            before = self._open.say_more(event.text)
            if before:
                self.sequence_number += 1
                return b'%b,"sequence_number":%d}\n\n' % (before, self.sequence_number - 1)
        if self.sequence_number == 0:
            self._say_whole("created", "in_progress")
            self._say_whole("in_progress", "in_progress")
        self._say(event)
        return self._flush()

    def start_over(self) -> bytes:
        """What was said so far is void: the answer begins anew, in the same stream."""
        self._items, self._open, self._words = [], None, None
        self._usage = self._why_incomplete = None
        self._say_whole("in_progress", "in_progress")
        return self._flush()

    def give_up(self, status: str) -> bytes:
        """The end of an answer that was broken off, with what had been said."""
        self._close("incomplete")
        self._say_whole("incomplete", status)
        return self._flush()

    def _flush(self) -> bytes:
        said, self._said = self._said, []
        return b"".join(map(self._frame, said))

    def _say(self, event: chat.Event) -> None:
        match event:
            case chat.TextDelta(_, text) | chat.AudioDelta(transcript=text):
                self._say_words("output_text", text)
            case chat.RefusalDelta(_, text):
                self._say_words("refusal", text)
            case chat.ReasoningDelta():
                self._think(event)
            case chat.ToolCallDelta():
                self._ask_for_tool(event)
            case chat.PartSeen(_, part):
                self._show(part)
            case chat.CitationSeen(_, citation):
                # As another dialect said it, it would mean nothing here.
                self._cite(replace(citation, raw=None))
            case chat.LogprobsDelta(_, raw):
                if tokens := tokens_of(raw):
                    self._said += self._last_words().weigh(tokens)
            case chat.Finished(_, reason):
                self._why_incomplete = incomplete_reason(reason)
                self._close("completed" if self._why_incomplete is None else "incomplete")
            case chat.UsageSeen(usage):
                self._usage = usage
            case chat.Failed():
                self._fail(event)
            case chat.Ended():
                self._close("completed")
                status = "completed" if self._why_incomplete is None else "incomplete"
                self._say_whole(status, status)
            case chat.Began():
                return

    def _say_words(self, kind: str, text: str) -> None:
        if text:
            message = self._message()
            if kind == "output_text":
                self._words = message
            self._said += message.say(kind, text)

    def _think(self, event: chat.ReasoningDelta) -> None:
        thinking = self._open
        if not isinstance(thinking, OpenThinking) or event.id not in (None, thinking.told_as):
            name = None if self._names_items else event.id
            thinking = OpenThinking(len(self._items), name or self._name("rs"), event.id)
            self._begin(thinking)
        if event.text:
            self._said += thinking.say(event.text)
        if event.signature is not None or event.sealed is not None:
            if self._shows_seals:
                thinking.prove(Proof(event.made_by, event.signature, event.sealed))
            self._close("completed")

    def _show(self, part: chat.ImagePart | chat.FilePart | chat.OtherPart) -> None:
        """A picture, or an item of this dialect as it came; there is no word for a document."""
        item: dict[str, Any] | Raw | None = None
        if isinstance(part, chat.OtherPart):
            item = part.raw if not self._names_items else FIELDS.decode(part.raw) | {"id": self._name("item")}
        elif isinstance(part, chat.ImagePart):
            item = write_picture(part.url, self._name("ig"))
        if item is not None:
            self._begin(WholeItem(len(self._items), item))
            self._close("completed")

    def _ask_for_tool(self, event: chat.ToolCallDelta) -> None:
        call = self._open
        if not isinstance(call, OpenCall) or call.slot != event.slot:
            self._prove(event)
            call = OpenCall(len(self._items), self._name("ctc" if event.type == "custom" else "fc"), event)
            self._begin(call)
        self._said += call.say(event.arguments)

    def _prove(self, event: chat.ToolCallDelta) -> None:
        """What proves a call goes before it; whose items are named by place is kept, and the proof with it."""
        call = chat.ToolCall(event.id or "", event.name or "", "", signature=event.signature, made_by=event.made_by)
        proof = prove_call(call, self._name("rs"))
        if proof is not None and self._shows_seals and not self._names_items:
            self._begin(WholeItem(len(self._items), proof))

    def _fail(self, failed: chat.Failed) -> None:
        """Both events, as OpenAI says them: its SDK raises at the first, others know the second only."""
        flat = {"code": failed.code, "message": failed.message, "param": failed.param}
        self._said.append({"type": "error"} | flat | {"error": error_object(failed)})
        self._say_whole("failed", "failed", {"code": failed.code or "server_error", "message": failed.message})

    def _message(self) -> OpenMessage:
        if isinstance(self._open, OpenMessage):
            return self._open
        message = OpenMessage(len(self._items), self._name("msg"))
        self._begin(message)
        return message

    def _last_words(self) -> OpenMessage:
        """Some vendors tell what words rest on when all is said."""
        if self._words is None:
            self._words = self._message()
        return self._words

    def _cite(self, citation: chat.Citation) -> None:
        """Beside the words at its place, which counts from the start of all; beside the last when it has none."""
        spoken = [(item, part) for item in self._items if isinstance(item, OpenMessage) for part in item.words]
        if citation.start is None or not spoken:
            self._said += self._last_words().cite(citation)
            return
        begins = [*accumulate((part.chars for _, part in spoken[:-1]), initial=0)]
        at = bisect_right(begins, citation.start) - 1
        message, part = spoken[at]
        self._said += message.cite(moved(citation, -begins[at]), part)

    def _begin(self, item: OpenMessage | OpenThinking | OpenCall | WholeItem) -> None:
        self._close("completed")
        self._said += item.open()
        self._items.append(item)
        self._open = item

    def _close(self, status: str) -> None:
        if self._open is not None:
            self._said += self._open.close(status)
            self._open = None

    def _say_whole(self, event: str, status: str, error: dict[str, str] | None = None) -> None:
        output = [item.whole() for item in self._items]
        whole = response(self._head, status, output, self._usage, self._why_incomplete)
        self._said.append({"type": f"response.{event}", "response": whole | {"error": error} | self.repeated})

    def _name(self, prefix: str) -> str:
        return item_id(prefix, str(self._head["id"]), len(self._items))

    def _frame(self, said: Said) -> bytes:
        said["sequence_number"] = self.sequence_number
        self.sequence_number += 1
        return sse.frame(msgspec.json.encode(said), said["type"])
