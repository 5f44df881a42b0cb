"""Azure's page: a resource of one's own, and two surfaces of it."""

from __future__ import annotations

import pytest

from tollhouse.errors import InvalidRequest
from tollhouse.providers.azure import PROVIDER

ENDPOINT = "https://acme.openai.azure.com"
CHAT = b"/chat/completions"


@pytest.mark.parametrize("pasted", ["", "/", "/openai", "/openai/", "/openai/v1", "/openai/v1/"])
def test_an_endpoint_may_be_pasted_with_the_path_that_the_portal_shows(pasted: str) -> None:
    assert PROVIDER.address("", {"endpoint": ENDPOINT + pasted}) == f"{ENDPOINT}/openai/v1"


def test_the_newer_surface_names_the_deployment_in_the_body() -> None:
    assert PROVIDER.target(CHAT, "gpt-4o", {"endpoint": ENDPOINT}) == CHAT


def test_the_older_surface_names_the_deployment_in_the_path_and_has_a_version() -> None:
    fields = {"endpoint": ENDPOINT, "api_version": "2024-12-01-preview"}
    assert PROVIDER.address("", fields) == f"{ENDPOINT}/openai"
    assert (
        PROVIDER.target(CHAT, "gpt-4o", fields)
        == b"/deployments/gpt-4o/chat/completions?api-version=2024-12-01-preview"
    )
    assert (
        PROVIDER.target(b"/embeddings", "ada", fields) == b"/deployments/ada/embeddings?api-version=2024-12-01-preview"
    )


@pytest.mark.parametrize(
    ("model", "segment"), [("a/b", b"a%2Fb"), ("a?b#c", b"a%3Fb%23c"), ("ä b", b"%C3%A4%20b"), ("..a", b"..a")]
)
def test_a_deployment_stays_one_segment_of_the_path(model: str, segment: bytes) -> None:
    target = PROVIDER.target(CHAT, model, {"api_version": "2024-10-21"})
    assert target == b"/deployments/" + segment + b"/chat/completions?api-version=2024-10-21"


@pytest.mark.parametrize("model", [".", ".."])
def test_no_model_leads_out_of_the_deployments(model: str) -> None:
    with pytest.raises(InvalidRequest):
        PROVIDER.target(CHAT, model, {"api_version": "2024-10-21"})


@pytest.mark.parametrize("version", ["latest", "2024", "2024-10-21&x=y", "2024-10-21 ", "2024-10-21-Preview"])
def test_a_version_is_a_date(version: str) -> None:
    with pytest.raises(InvalidRequest) as refusal:
        PROVIDER.address("", {"endpoint": ENDPOINT, "api_version": version})
    assert refusal.value.param == "fields.api_version"


def test_the_key_goes_into_azures_own_header() -> None:
    assert PROVIDER.authorize("k-1", {}) == ((b"api-key", b"k-1"),)
