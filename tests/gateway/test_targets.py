"""Where calls go: an address that a credential tells is the vendor's, or it is none; and the key is for it alone."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import httpx2
import msgspec
import pytest
from sqlalchemy import select

from gateways import CONTEXT
from houses import Person, make_person, opened, served
from tollhouse.admin import credentials
from tollhouse.admin.desk import COMMAND_LINE
from tollhouse.admin.first_run import first_run
from tollhouse.app import House
from tollhouse.errors import ConfigurationError, CredentialUnreadable, InvalidRequest, Unprocessable
from tollhouse.gateway.targets import KEPT_MOST, Targets
from tollhouse.providers.azure import PROVIDER as AZURE
from tollhouse.providers.base import Provider
from tollhouse.providers.openai import PROVIDER as OPENAI
from tollhouse.providers.zai import PROVIDER as ZAI
from tollhouse.store.tables import hold
from tollhouse.testing import WireProvider, answer, expect, reply
from tollhouse.upstream.base import Origin
from tollhouse.upstream.demo import DemoUpstream

ENDPOINT = "https://acme.openai.azure.com"
SECRET = "azure-canary-5f1c7e2b8d6035aa"


def targets(*providers: Provider) -> Targets:
    upstream = DemoUpstream()
    return Targets(providers, lambda provider: upstream)


def test_a_provider_with_one_address_has_it_for_every_credential():
    found = targets(OPENAI)
    assert found.of(OPENAI) is found.of(OPENAI, {"organization": "org-1"})
    assert found.of(OPENAI).bound_to == "https://api.openai.com:443"


def test_a_credential_tells_where_its_resource_is():
    told = targets(AZURE).of(AZURE, {"endpoint": ENDPOINT})
    assert told.origin == Origin("https", "acme.openai.azure.com", 443)
    assert told.base_path == b"/openai/v1"


def test_two_paths_of_one_origin_are_two_targets_bound_alike():
    found = targets(ZAI)
    plain, coding = found.of(ZAI), found.of(ZAI, {"plan": "coding"})
    assert (plain.base_path, coding.base_path) == (b"/api/paas/v4", b"/api/coding/paas/v4")
    assert plain.bound_to == coding.bound_to


@pytest.mark.parametrize(
    "endpoint",
    [
        "https://evil.example",
        "https://openai.azure.com",
        "https://acme.openai.azure.com.evil.example",
        "https://evil.example/acme.openai.azure.com",
        "https://evilopenai.azure.com",
        "https://acme.openai.azure.com@evil.example",
        "https://evil.example#.openai.azure.com",
        "https://evil.example?x=.openai.azure.com",
        "https://evil.example\\.openai.azure.com",
        "https://evil.example%2f.openai.azure.com",
        "https://acme.openai.azure.com.",
        "https://acme.openai.azure.com:8443",
        "http://acme.openai.azure.com",
        "http://acme.openai.azure.com:443",
        "ftp://acme.openai.azure.com",
        "//acme.openai.azure.com",
        "acme.openai.azure.com",
        "https://127.0.0.1",
        "https://169.254.169.254",
        "https://[::1]",
        "https://2130706433",
        "https://localhost",
        "https://acme.openai.azure.com/..",
        "https://acme.openai.azure.com/%2e%2e/x",
        "https://.openai.azure.com",
        "https://аcme.openai.azure.com",  # noqa: RUF001 - a Cyrillic letter is the point
        " https://acme.openai.azure.com",
        "https://acme.openai.azure.com\r\nx: y",
        "",
    ],
)
@pytest.mark.parametrize("allow_private_address", [False, True])
def test_a_credential_cannot_lead_calls_away_from_the_vendor(endpoint: str, allow_private_address: bool):
    azure = msgspec.structs.replace(AZURE, allow_private_address=allow_private_address)
    with pytest.raises(InvalidRequest) as refusal:
        targets(azure).of(azure, {"endpoint": endpoint})
    assert "evil" not in refusal.value.message


def test_the_operators_own_address_is_the_one_without_a_field_and_may_be_told_again():
    azure = msgspec.structs.replace(AZURE, base_url="http://127.0.0.1:9000", allow_private_address=True)
    found = targets(azure)
    assert found.of(azure).bound_to == "http://127.0.0.1:9000"
    assert found.of(azure, {"endpoint": "http://127.0.0.1:9000/"}) is found.of(azure)
    assert found.of(azure, {"endpoint": ENDPOINT}).bound_to == f"{ENDPOINT}:443"
    with pytest.raises(InvalidRequest):
        found.of(azure, {"endpoint": "http://127.0.0.1:9001"})


def test_a_provider_whose_own_address_is_none_stops_the_start():
    with pytest.raises(ConfigurationError, match=r"providers\.openai\.base_url: .* must start with https"):
        targets(msgspec.structs.replace(OPENAI, base_url="http://api.openai.com/v1"))


def test_no_number_of_told_addresses_fills_the_memory():
    found = targets(AZURE)
    for number in range(KEPT_MOST + 10):
        found.of(AZURE, {"endpoint": f"https://r{number}.openai.azure.com"})
    assert len(found._kept) <= KEPT_MOST


# Credentials.


async def add(house: House, user: str, **fields: str) -> credentials.CredentialView:
    return await credentials.add_credential(
        house.desk, COMMAND_LINE, user, provider="azure", api_key=SECRET, fields=fields
    )


@pytest.mark.parametrize(
    ("fields", "param"),
    [
        ({}, "fields.endpoint"),
        ({"endpoint": "https://evil.example"}, "fields"),
        ({"endpoint": ENDPOINT, "api_version": "latest"}, "fields.api_version"),
        ({"endpoint": ENDPOINT, "apiversion": "2024-10-21"}, "fields"),
    ],
)
async def test_a_credential_that_leads_nowhere_is_refused_by_the_name_of_its_field(
    house: House, fields: dict[str, str], param: str
):
    ada = await make_person(house)
    with pytest.raises(Unprocessable) as refusal:
        await add(house, ada.id, **fields)
    assert refusal.value.param == param
    assert SECRET not in repr(refusal.value)


async def test_a_key_is_sealed_for_the_endpoint_it_came_with(house: House):
    ada = await make_person(house)
    await add(house, ada.id, endpoint=ENDPOINT)
    caller = await house.steps.identify.caller(ada.token.encode(), house.clock.monotonic(), None)
    (key,) = caller.keys["azure"]
    assert key.origin == f"{ENDPOINT}:443"
    headers, _ = house.keys.headers(key, AZURE)
    assert headers == ((b"api-key", SECRET.encode()),)
    house.keys.forget()
    moved = msgspec.structs.replace(key, fields={"endpoint": "https://eve.openai.azure.com"})
    with pytest.raises(CredentialUnreadable):
        house.keys.headers(moved, AZURE)


async def test_a_rotated_key_stays_at_its_endpoint(house: House):
    ada = await make_person(house)
    old = await add(house, ada.id, endpoint=ENDPOINT)
    new = await credentials.rotate_credential(house.desk, COMMAND_LINE, old.id, "azure-canary-the-next-one")
    assert new.fields == {"endpoint": ENDPOINT}
    caller = await house.steps.identify.caller(ada.token.encode(), house.clock.monotonic(), None)
    assert {key.origin for key in caller.keys["azure"]} == {f"{ENDPOINT}:443"}


async def test_the_first_run_takes_a_key_from_the_environment_with_what_belongs_to_it(house: House):
    environ = {
        "AZURE_OPENAI_API_KEY": SECRET,
        "AZURE_OPENAI_ENDPOINT": ENDPOINT,
        "OPENAI_API_VERSION": "2024-10-21",
        "MISTRAL_API_KEY": "m-1",
        "HF_TOKEN": "hf-1",
    }
    made = await first_run(house.desk, environ)
    assert made is not None
    assert made.imported == {
        "azure": "AZURE_OPENAI_API_KEY",
        "huggingface": "HF_TOKEN",
        "mistral": "MISTRAL_API_KEY",
    }
    rows = {row.provider: row for row in await credentials.list_credentials(house.desk)}
    assert rows["azure"].fields == {"endpoint": ENDPOINT, "api_version": "2024-10-21"}
    assert rows["azure"].reference == "env:AZURE_OPENAI_API_KEY"


async def test_the_first_run_leaves_a_key_that_leads_nowhere(house: House):
    made = await first_run(house.desk, {"AZURE_OPENAI_API_KEY": SECRET, "GROQ_API_KEY": "gsk-1"})
    assert made is not None
    assert made.imported == {"groq": "GROQ_API_KEY"}


# Calls.


def at(provider: WireProvider, name: str) -> str:
    """A configuration in which a vendor's API is the scripted one's."""
    address = provider.base_url.removesuffix("/v1") if name == "azure" else provider.base_url
    return f'[providers.{name}]\nbase_url = "{address}"\nallow_private_address = true\n'


@pytest.mark.parametrize(
    ("fields", "target"),
    [
        ({}, b"/openai/v1/chat/completions"),
        ({"api_version": "2024-10-21"}, b"/openai/deployments/gpt-4o/chat/completions?api-version=2024-10-21"),
    ],
)
async def test_a_call_takes_the_surface_that_its_credential_tells(
    tmp_path: Path, fields: dict[str, str], target: bytes
):
    async with WireProvider() as provider:
        provider.script(expect(headers={"api-key": SECRET}), answer("Hello", usage=(19, 10)))
        async with opened(tmp_path / "data", toml=at(provider, "azure")) as house:
            ada = await make_person(house)
            await add(house, ada.id, **fields)
            async with served(house) as url:
                response = await ask(url, ada, model="azure/gpt-4o")
    assert response.json()["choices"][0]["message"]["content"] == "Hello"
    assert provider.requests[0].target.encode() == target


async def test_verifying_asks_the_surface_that_the_credential_tells(tmp_path: Path):
    async with WireProvider() as provider:
        provider.script(reply(json={"data": []}))
        async with opened(tmp_path / "data", toml=at(provider, "azure")) as house:
            ada = await make_person(house)
            made = await add(house, ada.id, api_version="2024-10-21")
            seen = await credentials.verify_credential(house.desk, COMMAND_LINE, made.id)
    assert seen.last_error is None
    assert provider.requests[0].target == "/openai/models?api-version=2024-10-21"


async def test_a_model_that_would_leave_the_deployments_is_not_sent(tmp_path: Path):
    async with WireProvider() as provider, opened(tmp_path / "data", toml=at(provider, "azure")) as house:
        ada = await make_person(house)
        await add(house, ada.id, api_version="2024-10-21")
        async with served(house) as url:
            response = await ask(url, ada, model="azure/..")
        assert await house.store.read(lambda tx: tx.execute(select(hold.c.state)).scalars().all()) == ["voided"]
    assert response.status_code == 400
    assert provider.requests == []


@pytest.mark.parametrize("surface", ["/v1/chat/completions", "/v1/responses"])
async def test_openrouter_may_not_answer_from_a_model_that_nothing_is_held_for(tmp_path: Path, surface: str):
    async with WireProvider() as provider, opened(tmp_path / "data", toml=at(provider, "openrouter")) as house:
        ada = await make_person(house)
        await credentials.add_credential(house.desk, COMMAND_LINE, ada.id, provider="openrouter", api_key=SECRET)
        async with served(house) as url:
            response = await ask(
                url, ada, surface, model="openrouter/acme/small", models=["acme/large"], input="The word models"
            )
    assert (response.status_code, response.json()["error"]["param"]) == (400, "models")
    assert provider.requests == []


@pytest.mark.parametrize(
    ("more", "param"),
    [
        ({"plugins": [{"id": "web"}]}, "plugins"),
        ({"plugins": [{"id": "file-parser", "pdf": {"engine": "mistral-ocr"}}]}, "plugins"),
        ({"plugins": [{"id": "file-parser"}]}, "plugins"),
        ({"plugins": [{"id": "file-parser", "pdf": {"engine": "native"}}, {"id": "web"}]}, "plugins"),
        ({"web_search_options": {}}, "web_search_options"),
        ({"tools": [{"type": "openrouter:web_search"}]}, "tools[0].type"),
    ],
    ids=["a plugin", "a reader at a fee", "a reader unnamed", "a plugin beside", "a search", "a tool"],
)
async def test_openrouter_may_not_search_for_a_fee_that_nothing_is_held_for(
    tmp_path: Path, more: dict[str, object], param: str
):
    async with WireProvider() as provider, opened(tmp_path / "data", toml=at(provider, "openrouter")) as house:
        ada = await make_person(house)
        await credentials.add_credential(house.desk, COMMAND_LINE, ada.id, provider="openrouter", api_key=SECRET)
        async with served(house) as url:
            response = await ask(url, ada, model="openrouter/acme/small", **more)
    assert (response.status_code, response.json()["error"]["param"]) == (400, param)
    assert provider.requests == []


PDF = {"filename": "a.pdf", "file_data": "data:application/pdf;base64,JVBERi0xLjc="}


@pytest.mark.parametrize(
    ("surface", "asked"),
    [
        ("/v1/chat/completions", {"messages": [{"role": "user", "content": [{"type": "file", "file": PDF}]}]}),
        ("/v1/responses", {"input": [{"role": "user", "content": [{"type": "input_file", **PDF}]}]}),
    ],
)
async def test_openrouter_reads_no_file_at_a_fee_that_nothing_is_held_for(
    tmp_path: Path, surface: str, asked: dict[str, object]
):
    async with WireProvider() as provider, opened(tmp_path / "data", toml=at(provider, "openrouter")) as house:
        provider.always(answer("Read", usage=(19, 10)))
        ada = await make_person(house)
        await credentials.add_credential(house.desk, COMMAND_LINE, ada.id, provider="openrouter", api_key=SECRET)
        async with served(house) as url:
            refused = await ask(url, ada, surface, model="openrouter/acme/small", **asked)
            plugins = [{"id": "file-parser", "pdf": {"engine": "cloudflare-ai"}}]
            read = await ask(url, ada, surface, model="openrouter/acme/small", plugins=plugins, **asked)
    assert (refused.status_code, refused.json()["error"]["param"]) == (400, "plugins")
    assert "native" in refused.json()["error"]["message"]
    assert read.status_code == 200, read.text
    assert [request.json["plugins"] for request in provider.requests] == [plugins]


async def test_openrouter_lets_the_model_read_the_files_of_clients_who_cannot_say_who_does(tmp_path: Path):
    async with WireProvider() as provider, opened(tmp_path / "data", toml=at(provider, "openrouter")) as house:
        provider.always(answer("Read", usage=(19, 10)))
        ada = await make_person(house)
        await credentials.add_credential(house.desk, COMMAND_LINE, ada.id, provider="openrouter", api_key=SECRET)
        source = {"type": "base64", "media_type": "application/pdf", "data": "JVBERi0xLjc="}
        messages = [{"role": "user", "content": [{"type": "document", "source": source}]}]
        async with served(house) as url:
            told = {"model": "openrouter/acme/small", "max_tokens": 10, "messages": messages}
            response = await ask(url, ada, "/v1/messages", **told)
    assert response.status_code == 200, response.text
    (request,) = provider.requests
    assert request.json["plugins"] == [{"id": "file-parser", "pdf": {"engine": "native"}}]


async def test_a_field_in_other_letters_is_the_same_field(tmp_path: Path):
    async with WireProvider() as provider, opened(tmp_path / "data", toml=at(provider, "openrouter")) as house:
        ada = await make_person(house)
        await credentials.add_credential(house.desk, COMMAND_LINE, ada.id, provider="openrouter", api_key=SECRET)
        messages = rb'[{"role":"user","content":"Hi"}]'
        body = rb'{"model":"openrouter/acme/small","messages":%b,"mod\u0065ls":["acme/large"]}' % messages
        async with served(house) as url, httpx2.AsyncClient(base_url=url, trust_env=False, verify=CONTEXT) as client:
            response = await client.post("/v1/chat/completions", headers=ada.headers, content=body)
    assert (response.status_code, response.json()["error"]["param"]) == (400, "models")
    assert provider.requests == []


async def test_a_word_is_not_yet_a_field(tmp_path: Path):
    async with WireProvider() as provider:
        provider.script(answer("Hello", usage=(19, 10)))
        async with opened(tmp_path / "data", toml=at(provider, "openrouter")) as house:
            ada = await make_person(house)
            await credentials.add_credential(house.desk, COMMAND_LINE, ada.id, provider="openrouter", api_key=SECRET)
            async with served(house) as url:
                response = await ask(url, ada, model="openrouter/acme/small", stop='"models"')
    assert response.status_code == 200


async def test_mistral_is_asked_without_what_it_refuses(tmp_path: Path):
    async with WireProvider() as provider:
        provider.script(answer("Hello", usage=(19, 10)))
        async with opened(tmp_path / "data", toml=at(provider, "mistral")) as house:
            ada = await make_person(house)
            await credentials.add_credential(house.desk, COMMAND_LINE, ada.id, provider="mistral", api_key=SECRET)
            async with served(house) as url:
                response = await ask(url, ada, model="mistral/small", stream=True, max_completion_tokens=9)
    assert response.text.endswith("data: [DONE]\n\n")
    asked = provider.requests[0].json
    assert asked["max_tokens"] == 9
    assert not {"stream_options", "max_completion_tokens"} & asked.keys()


async def ask(url: str, person: Person, surface: str = "/v1/chat/completions", **fields: Any) -> httpx2.Response:
    body = {"messages": [{"role": "user", "content": "Hi"}]} | fields
    async with httpx2.AsyncClient(base_url=url, trust_env=False, verify=CONTEXT) as client:
        return await client.post(surface, headers=person.headers, json=body)
