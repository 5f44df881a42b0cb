"""Providers that an operator declares in the configuration file."""

from __future__ import annotations

import tomllib
from types import ModuleType
from typing import Any

import pytest

from tollhouse.dialects import anthropic_messages, gemini, openai_chat
from tollhouse.dialects.gemini import embeddings
from tollhouse.providers.base import Limits, ListedPrice, Provider
from tollhouse.providers.declared import declared_provider
from tollhouse.providers.openai import PROVIDER as OPENAI

OTHER_DIALECT = ModuleType("other")
DIALECTS = {"openai_chat": openai_chat, "other": OTHER_DIALECT}
ACME = """
dialect = "openai_chat"
base_url = "http://127.0.0.1:9000/v1"
allow_private_address = true
api_key = "env:ACME_API_KEY"
share = true

[models."acme-1"]
input_usd_per_million = "2.50"
output_usd_per_million = "10.00"
input_cached_usd_per_million = "1.25"
input_cache_write_usd_per_million = "3"
context_tokens = 128000
max_output_tokens = 16384

[models."acme/free-2"]
"""


def declare(toml: str, name: str = "acme", known: Provider | None = None) -> Provider:
    return declared_provider(name, tomllib.loads(toml), DIALECTS, known)


def test_a_table_becomes_a_provider() -> None:
    acme = declare(ACME)
    assert (acme.name, acme.dialect, acme.base_url) == ("acme", openai_chat, "http://127.0.0.1:9000/v1")
    assert acme.allow_private_address
    assert acme.needs_key
    assert not acme.free
    assert acme.priced_as is None


def test_a_given_list_is_closed_and_has_its_limits_and_prices() -> None:
    acme = declare(ACME)
    assert acme.models == "closed"
    assert acme.limits == {"acme-1": Limits(128_000, 16_384), "acme/free-2": Limits()}
    assert acme.prices == {
        "acme-1": ListedPrice(input="2.50", output="10.00", input_cached="1.25", input_cache_write="3")
    }


def test_without_a_list_unknown_models_are_passed_on() -> None:
    acme = declare('dialect = "openai_chat"\nbase_url = "https://api.example.com/v1/"')
    assert acme.models == "open"
    assert acme.base_url == "https://api.example.com/v1"
    assert acme.limits == {}


def test_what_an_unknown_server_adds_unseen_is_counted() -> None:
    assert declare(ACME).hidden_tokens(True, frozenset({"function"})) > 0


@pytest.mark.parametrize(("told", "needs_key"), [("free = true", False), ("needs_key = false", False), ("", True)])
def test_a_free_server_needs_no_key_unless_it_says_so(told: str, needs_key: bool) -> None:
    acme = declare(f'dialect = "openai_chat"\nbase_url = "https://api.example.com"\n{told}')
    assert acme.needs_key is needs_key


def test_another_address_for_a_built_in_one_keeps_the_rest() -> None:
    moved = declare('base_url = "https://eu.api.openai.com/v1"', "openai", OPENAI)
    assert moved.base_url == "https://eu.api.openai.com/v1"
    assert moved.limits == OPENAI.limits
    assert (moved.env, moved.priced_as, moved.models) == ("OPENAI_API_KEY", "openai", "open")
    assert moved.authorize is OPENAI.authorize
    assert moved.dialect is OPENAI.dialect


def test_a_built_in_one_may_be_closed_to_what_it_lists() -> None:
    closed = declare('models = "closed"', "openai", OPENAI)
    assert closed.models == "closed"
    assert closed.limits == OPENAI.limits
    assert closed.base_url == OPENAI.base_url


def test_a_list_for_a_built_in_one_keeps_the_limits_it_does_not_tell() -> None:
    listed = declare('[models."gpt-4o"]\nmax_output_tokens = 1000\n[models."gpt-9"]', "openai", OPENAI)
    assert listed.models == "closed"
    assert listed.limits == {"gpt-4o": Limits(128_000, 1_000), "gpt-9": Limits()}
    assert listed.prices == OPENAI.prices


def test_another_dialect_is_taken_from_those_that_are_known() -> None:
    assert declare('dialect = "other"', "openai", OPENAI).dialect is OTHER_DIALECT


HTTPS = 'dialect = "openai_chat"\nbase_url = "https://api.example.com"\n'


@pytest.mark.parametrize(
    ("toml", "complaint"),
    [
        ('base_url = "https://api.example.com"', r"providers\.acme\.dialect: missing; one of openai_chat, other"),
        ('dialect = "klingon"\nbase_url = "https://a.b"', r"providers\.acme\.dialect: 'klingon' is not one of"),
        ('dialect = "openai_chat"', r"providers\.acme\.base_url: missing"),
        (HTTPS + "bas_url = 1", r"providers\.acme: Object contains unknown field `bas_url`"),
        (HTTPS + "share = 1", r"providers\.acme\.share: Expected `bool`"),
        (HTTPS + "models = 'shut'", r"providers\.acme\.models: "),
        (HTTPS + "models = 'closed'", r"providers\.acme\.models: closed, but no model is listed"),
        (
            HTTPS + "[models.a]\ninput_usd_per_million = 2.5",
            r"providers\.acme\.models\.a\.input_usd_per_million: Expected `str",
        ),
        (
            HTTPS + "[models.a]\ninput_usd_per_million = '2,5'",
            r"providers\.acme\.models\.a\.input_usd_per_million: Expected `str`",
        ),
        (HTTPS + "[models.a]\noutput_usd_per_million = '0.0000000001'", r"models\.a\.output_usd_per_million: "),
        (HTTPS + "[models.a]\noutput_usd_per_million = '-1'", r"models\.a\.output_usd_per_million: "),
        (HTTPS + "[models.a]\ncontext_tokens = 0", r"providers\.acme\.models\.a\.context_tokens: Expected `int` >= 1"),
        (
            HTTPS + "[models.a]\nmax_output = 5",
            r"providers\.acme\.models\.a: Object contains unknown field `max_output`",
        ),
        (HTTPS + "[models]\na = 5", r"providers\.acme\.models\.a: Expected `object`"),
    ],
)
def test_a_mistake_is_refused_by_the_name_of_its_key(toml: str, complaint: str) -> None:
    with pytest.raises(ValueError, match=complaint):
        declare(toml)


@pytest.mark.parametrize(
    "url",
    [
        "",
        "api.example.com/v1",
        "ftp://api.example.com",
        "https://",
        "https:///v1",
        "https://api.example.com:99999",
        "https://api.example.com:0",
        "https://[::1",
        "https://api.example.com/v1?key=hunter2",
        "https://api.example.com/v1#part",
        "https://user:hunter2@api.example.com/v1",
        "https://api.example.com/ v1",
        "https://api.example.com/v1\n",
        "http://api.example.com/v1",
    ],
)
def test_an_address_that_is_not_one_is_refused_and_not_repeated(url: str) -> None:
    table: dict[str, Any] = {"dialect": "openai_chat", "base_url": url}
    with pytest.raises(ValueError, match=r"^providers\.acme\.base_url: ") as refusal:
        declared_provider("acme", table, DIALECTS)
    assert "hunter2" not in str(refusal.value)


def test_a_key_of_the_wrong_type_is_not_repeated() -> None:
    with pytest.raises(ValueError, match=r"providers\.acme\.api_key: Expected") as refusal:
        declared_provider("acme", {"api_key": ["sk-secret"]}, DIALECTS)
    assert "sk-secret" not in str(refusal.value)


@pytest.mark.parametrize("name", ["", "Acme", "ac/me", "ac me", "-acme"])
def test_a_name_that_cannot_stand_before_a_slash_is_refused(name: str) -> None:
    with pytest.raises(ValueError, match="a provider's name is lower case"):
        declare(ACME, name)


@pytest.mark.parametrize(
    ("dialect", "header"),
    [
        (anthropic_messages, (b"x-api-key", b"sk-1")),
        (gemini, (b"x-goog-api-key", b"sk-1")),
        (openai_chat, (b"authorization", b"Bearer sk-1")),
    ],
)
def test_the_key_goes_where_the_dialects_maker_wants_it(dialect, header):
    table = {"dialect": dialect.NAME, "base_url": "https://api.example.com"}
    acme = declared_provider("acme", table, {dialect.NAME: dialect})
    assert acme.authorize("sk-1", {}) == (header,)


def test_a_known_provider_with_another_dialect_keeps_nothing_of_its_own():
    known = Provider(
        name="acme",
        dialect=openai_chat,
        base_url="https://a.example.com",
        also=(OTHER_DIALECT,),
        lacks={"seed": "lossy"},
    )
    acme = declared_provider("acme", {"dialect": gemini.NAME}, {gemini.NAME: gemini}, known)
    assert (acme.dialect, acme.also, acme.lacks) == (gemini, (embeddings,), {})
    assert acme.authorize("sk-1", {}) == ((b"x-goog-api-key", b"sk-1"),)
    same = declared_provider("acme", {"dialect": openai_chat.NAME}, {openai_chat.NAME: openai_chat}, known)
    assert same.also == (OTHER_DIALECT,)
