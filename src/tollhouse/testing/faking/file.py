"""Rules in a TOML file, for a fake in a process of its own.

```toml
[[chat]]
model = "gpt-*"
contains = "teapot"
reply = "It pours."
usage = [30, 15]

[[chat]]
script = [{ error = 429, retry_after = 2 }, { drop_after = 5 }, { reply = "ok" }]
always = true

[[embed]]
dims = 256

[[moderate]]
contains = "stupid"
flag = ["harassment"]
```
"""

from __future__ import annotations

from pathlib import Path
from typing import Any

import msgspec

from tollhouse.testing.faking.answers import (
    UNSAID,
    Answering,
    Call,
    drop_after,
    error,
    fail_after,
    reply,
    stall_after,
)
from tollhouse.testing.faking.fake import AiFake
from tollhouse.testing.faking.rule import Like


class CallTable(msgspec.Struct, frozen=True, forbid_unknown_fields=True):
    """A call of a tool."""

    name: str
    arguments: dict[str, Any] = {}


class AnswerTable(msgspec.Struct, frozen=True, forbid_unknown_fields=True, kw_only=True):
    """One answer: a reply, an error, or a line that breaks off. The fields are those of the functions."""

    reply: str | None = None
    json: Any = UNSAID
    by_schema: bool = False
    calls: tuple[CallTable, ...] = ()
    reasoning: str = ""
    refusal: str = ""
    usage: tuple[int, int] | None = None
    after_s: float = 0.0
    error: int | None = None
    message: str | None = None
    code: str | None = None
    retry_after: float | None = None
    drop_after: int | None = None
    stall_after: int | None = None
    fail_after: int | None = None

    def answering(self) -> Answering:
        """The answer itself. Raises ValueError when it is several."""
        kinds = ("reply", "error", "drop_after", "stall_after", "fail_after")
        told = [name for name in kinds if getattr(self, name) is not None]
        if len(told) > 1:
            raise ValueError(f"one answer is not {' and '.join(told)}")
        if self.error is not None:
            return error(self.error, self.message, retry_after=self.retry_after, code=self.code)
        if self.drop_after is not None:
            return drop_after(tokens=self.drop_after, usage=self.usage)
        if self.stall_after is not None:
            return stall_after(tokens=self.stall_after, usage=self.usage)
        if self.fail_after is not None:
            return fail_after(tokens=self.fail_after, message=self.message or "The server had an error")
        return reply(
            self.reply or "",
            usage=self.usage,
            json=self.json,
            by_schema=self.by_schema,
            calls=[Call(one.name, one.arguments) for one in self.calls],
            reasoning=self.reasoning,
            refusal=self.refusal,
            after_s=self.after_s,
        )


class ChatTable(AnswerTable, frozen=True, forbid_unknown_fields=True, kw_only=True):
    """A rule for chats: one answer for good, or a list."""

    model: str | None = None
    contains: str | None = None
    system: str | None = None
    tool: str | None = None
    stream: bool | None = None
    dialect: str | None = None
    script: tuple[AnswerTable, ...] = ()
    always: bool | None = None


class EmbedTable(msgspec.Struct, frozen=True, forbid_unknown_fields=True):
    """A rule for texts that are to be embedded."""

    model: str | None = None
    contains: str | None = None
    dims: int = 256


class ModerateTable(msgspec.Struct, frozen=True, forbid_unknown_fields=True):
    """A rule for texts that are to be judged; without categories they are harmless."""

    model: str | None = None
    contains: str | None = None
    flag: tuple[str, ...] = ()


class RulesFile(msgspec.Struct, frozen=True, forbid_unknown_fields=True):
    """The whole file."""

    models: tuple[str, ...] = ()
    chat: tuple[ChatTable, ...] = ()
    embed: tuple[EmbedTable, ...] = ()
    moderate: tuple[ModerateTable, ...] = ()


def follow(fake: AiFake, path: Path) -> None:
    """Give a fake the rules of a file. A rule that has no list answers for good.

    Raises:
        ValueError: it cannot be read, or what is wrong in it, and where.
    """
    try:
        told = msgspec.toml.decode(path.read_bytes(), type=RulesFile)
    except (OSError, msgspec.DecodeError) as failure:
        raise ValueError(f"{path}: {failure}") from None
    fake.models(*told.models)
    for number, table in enumerate(told.chat, 1):
        try:
            answers = [one.answering() for one in table.script] or [table.answering()]
        except ValueError as failure:
            raise ValueError(f"{path}: [[chat]] number {number}: {failure}") from None
        rule = fake.chat(**_like(table, "model", "contains", "system", "tool", "stream", "dialect")).script(*answers)
        if table.always if table.always is not None else not table.script:
            rule.always()
    for embedding in told.embed:
        fake.embed(**_like(embedding, "model", "contains")).deterministic(embedding.dims)
    for judging in told.moderate:
        rule_of_texts = fake.moderate(**_like(judging, "model", "contains"))
        if judging.flag:
            rule_of_texts.flag(*judging.flag)
        else:
            rule_of_texts.allow()


def _like(table: msgspec.Struct, *names: str) -> Like:
    told: Any = {name: value for name in names if (value := getattr(table, name)) is not None}
    conditions: Like = told
    return conditions
