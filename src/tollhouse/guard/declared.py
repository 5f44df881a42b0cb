"""The operator's `[guards]` as policies, one for each side."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from typing import Any

from tollhouse.errors import ConfigurationError
from tollhouse.guard.moderation import Ask, Moderation
from tollhouse.guard.policy import Policy
from tollhouse.guard.rules import Rules, denials


def declared_policies(
    told: Mapping[str, Any], canaries: Iterable[str], ask: Ask
) -> tuple[Policy | None, Policy | None]:
    """What is looked for in what is asked and in what is answered; None where that is nothing.

    Args:
        told: the table, with `input` and `output`.
        canaries: what must never be answered, opened.
        ask: asks for a moderation.

    Raises:
        ConfigurationError: names each side whose rules cannot be used.
    """
    problems: list[str] = []
    policies = []
    for side, secrets in (("input", ()), ("output", canaries)):
        try:
            policies.append(_policy(told, told[side], secrets, ask))
        except ValueError as error:
            problems.append(f"guards.{side}.{error}")
    if problems:
        raise ConfigurationError(*problems)
    return policies[0], policies[1]


def _policy(told: Mapping[str, Any], side: Mapping[str, Any], canaries: Iterable[str], ask: Ask) -> Policy | None:
    model = side["moderation_model"]
    # Made even where it is off: what cannot be used is told when it is written, not when it is needed.
    policy = Policy(
        enforces=side["mode"] == "enforce",
        rules=Rules(
            denied=denials(side["deny"], side["deny_patterns"], canaries),
            most_chars=side.get("max_chars"),
            images_and_links=side.get("foreign_links", False),
            hosts=frozenset(host.casefold().rstrip(".") for host in side.get("link_hosts", ())),
        ),
        personal_data=side["personal_data"],
        moderation=None if model is None else Moderation(model=model, ask=ask, most_chars=told["moderated_chars"]),
        on_unavailable=told["on_unavailable"],
        deadline_s=told["deadline_s"],
        hold_back_chars=side.get("hold_back_chars", 0),
    )
    return None if side["mode"] == "off" else policy
