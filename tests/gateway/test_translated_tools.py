"""Tools under the names and in the namespaces of their client, at providers that know neither."""

from __future__ import annotations

import json
from collections.abc import Awaitable, Callable

import pytest

from clients import BY_NAME, Client
from gateways import Gateway
from tollhouse.dialects import anthropic_messages, chat, openai_responses
from tollhouse.testing import Request, done, finish, tool_call, usage

Open = Callable[..., Awaitable[Gateway]]

ANTHROPIC, RESPONSES = map(Client, (anthropic_messages, openai_responses))

either_way = pytest.mark.parametrize("stream", [False, True], ids=["whole", "stream"])


def calling(gateway: Gateway, upstream: str, *, place: int, **arguments: str) -> list[chat.ChatRequest]:
    """Let the provider call the tool at a place of those that it is offered; gives what it will have been asked."""
    asked: list[chat.ChatRequest] = []

    def call_it(request: Request) -> list[object]:
        asked.append(BY_NAME[upstream].read_request(json.dumps({"model": "m"} | json.loads(request.body)).encode()))
        call = tool_call(asked[-1].tools[place].name, arguments, call_id="call_8", pieces=2)
        return [*call, finish("tool_calls"), usage(19, 10), done()]

    gateway.provider.script(call_it)
    return asked


LONG = "mcp__plugin_atlassian_atlassian__getJiraProjectIssueTypesMetadata_" + "x" * 40
"""As Claude Code names the tools of MCP servers: more characters than OpenAI and Gemini take."""


@either_way
@pytest.mark.parametrize("upstream", ["openai_chat", "openai_responses", "gemini"])
async def test_a_tool_is_called_by_its_long_name_whatever_name_its_provider_takes(
    open_gateway: Open, upstream: str, stream: bool
) -> None:
    gateway = await open_gateway(dialect=upstream)
    asked = calling(gateway, upstream, place=0, key="T")
    tools = [{"name": name, "input_schema": {"type": "object"}} for name in (LONG, LONG + "_2", "short")]
    turns = [
        {"role": "user", "content": "Go"},
        {"role": "assistant", "content": [{"type": "tool_use", "id": "call_7", "name": LONG, "input": {}}]},
        {"role": "user", "content": [{"type": "tool_result", "tool_use_id": "call_7", "content": "done"}]},
    ]
    choice = {"type": "tool", "name": LONG}
    response = await ANTHROPIC.ask(gateway, stream=stream, tools=tools, messages=turns, tool_choice=choice)
    (request,) = asked
    first, second, third = [tool.name for tool in request.tools]
    assert max(len(first), len(second)) <= 64
    assert len({first, second, third}) == 3
    assert third == "short"
    assert [call.name for message in request.messages for call in message.tool_calls] == [first]
    assert request.tool_choice == ("function", first)
    (told,) = ANTHROPIC.hear(response).choices[0].message.tool_calls
    assert (told.name, json.loads(told.arguments)) == (LONG, {"key": "T"})


@either_way
@pytest.mark.parametrize("upstream", ["openai_chat", "anthropic_messages", "gemini"])
async def test_codex_calls_the_tools_of_its_servers_whatever_its_provider_knows_of_namespaces(
    open_gateway: Open, upstream: str, stream: bool
) -> None:
    gateway = await open_gateway(dialect=upstream)
    asked = calling(gateway, upstream, place=1, path="a")
    function = {"type": "function", "name": "read", "strict": False, "parameters": {"type": "object", "properties": {}}}
    files = {"type": "namespace", "name": "mcp__files__", "description": "Files.", "tools": [function]}
    turns = [
        {"type": "message", "role": "user", "content": [{"type": "input_text", "text": "Read b, then a"}]},
        {"type": "function_call", "call_id": "call_7", "name": "read", "namespace": "mcp__files__", "arguments": "{}"},
        {"type": "function_call_output", "call_id": "call_7", "output": "b"},
    ]
    response = await RESPONSES.ask(gateway, stream=stream, tools=[function, files], input=turns)
    assert "x-tollhouse-lossy" not in response.headers
    (request,) = asked
    assert [tool.name for tool in request.tools] == ["read", "mcp__files__read"]
    assert [call.name for message in request.messages for call in message.tool_calls] == ["mcp__files__read"]
    (told,) = RESPONSES.hear(response).choices[0].message.tool_calls
    assert (told.name, told.namespace, json.loads(told.arguments)) == ("read", "mcp__files__", {"path": "a"})


async def test_a_tool_that_only_its_own_provider_runs_is_refused_by_its_kind_and_place(open_gateway: Open) -> None:
    gateway = await open_gateway(dialect="openai_chat")
    function = {"type": "function", "name": "read"}
    files = {"type": "namespace", "name": "mcp__files__", "tools": [function, function]}
    response = await RESPONSES.ask(gateway, tools=[files, {"type": "web_search"}])
    error = response.json()["error"]
    assert (response.status_code, error["param"]) == (400, "tools[1]")
    assert "`web_search`" in error["message"]
