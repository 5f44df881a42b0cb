"""The canonical forms that the docstrings of Google's dialect declare, by the shortest way there is."""

from __future__ import annotations

from typing import Any

from tollhouse.dialects.gemini.proto_json import camel


def canonical_request(asked: dict[str, Any]) -> dict[str, Any]:
    asked = {camel(name): value for name, value in asked.items()}
    config = asked.pop("generationConfig", {})
    thinking = config.pop("thinkingConfig", None)
    config = {name: value for name, value in config.items() if value not in (["TEXT"], "text/plain", None)}
    if thinking:
        config["thinkingConfig"] = {camel(name): value for name, value in thinking.items()}
        if level := config["thinkingConfig"].get("thinkingLevel"):
            config["thinkingConfig"]["thinkingLevel"] = level.upper()
    if config.get("candidateCount") == 1:
        del config["candidateCount"]
    if "responseSchema" in config:
        config["responseJsonSchema"] = as_json_schema(config.pop("responseSchema"))
    if config:
        asked["generationConfig"] = config
    if system := asked.pop("systemInstruction", None):
        asked["systemInstruction"] = {"parts": system["parts"]}
    if "functionCallingConfig" in asked.get("toolConfig", {}):
        calling = asked["toolConfig"]["functionCallingConfig"]
        calling["mode"] = calling["mode"].upper()
    if "tools" in asked:
        asked["tools"] = list(canonical_tools(asked["tools"]))
    return asked | {"contents": canonical_contents(asked["contents"])}


def canonical_contents(contents: list[dict[str, Any]]) -> list[Any]:
    """Who speaks and what: neighbours of one role together, answers of tools first, calls without their ids."""
    turns: list[tuple[str, list[Any]]] = []
    for content in contents:
        role = content.get("role") or "user"
        parts = [canonical for part in content["parts"] for canonical in canonical_part(part)]
        answers = [part for part in parts if "functionResponse" in part]
        calls = [part for part in parts if "functionCall" in part]
        others = [part for part in parts if part not in answers and part not in calls]
        if turns and turns[-1][0] == role:
            turns[-1][1].extend(answers + others + calls)
        else:
            turns.append((role, answers + others + calls))
    return turns


def canonical_part(part: dict[str, Any]) -> list[dict[str, Any]]:
    part = {camel(name): value for name, value in part.items()}
    for name in ("functionCall", "functionResponse"):
        if name in part:
            part[name] = {key: value for key, value in part[name].items() if key != "id"}
    for name in ("inlineData", "fileData"):
        if name in part:
            part[name] = {camel(key): value for key, value in part[name].items()}
    if "data" in part.get("inlineData", {}):
        data = part["inlineData"]["data"].replace("-", "+").replace("_", "/")
        part["inlineData"]["data"] = data + "=" * (-len(data) % 4)
    if part.get("text") and "thoughtSignature" in part and not part.get("thought"):
        signature = part.pop("thoughtSignature")
        return [part, {"text": "", "thoughtSignature": signature}]
    return [part]


def canonical_tools(tools: list[dict[str, Any]]) -> list[dict[str, Any]]:
    functions = []
    for function in [each for tool in tools for each in tool.get("functionDeclarations", ())]:
        said = {camel(name): value for name, value in function.items()}
        if "parameters" in said:
            said["parametersJsonSchema"] = as_json_schema(said.pop("parameters"))
        functions.append(said)
    others = [{camel(name): value} for tool in tools for name, value in tool.items() if name != "functionDeclarations"]
    return [*([{"functionDeclarations": functions}] if functions else []), *others]


def as_json_schema(schema: Any) -> Any:
    """Types in lower case and nullable ones as two; the recordings use no more of OpenAPI than this."""
    if isinstance(schema, list):
        return [as_json_schema(each) for each in schema]
    if not isinstance(schema, dict):
        return schema
    said = {name: as_json_schema(value) for name, value in schema.items() if name != "nullable"}
    if "property_ordering" in said:
        said["propertyOrdering"] = said.pop("property_ordering")
    if isinstance(said.get("type"), str):
        said["type"] = said["type"].lower()
        if schema.get("nullable"):
            said["type"] = [said["type"], "null"]
    return said


def canonical_answer(answered: dict[str, Any]) -> dict[str, Any]:
    usage = answered.pop("usageMetadata")
    candidates = []
    for position, candidate in enumerate(answered.pop("candidates")):
        parts = [each for part in candidate["content"].get("parts") or () for each in canonical_part(part)]
        calls = [part for part in parts if "functionCall" in part]
        for call in calls:
            call["functionCall"].setdefault("args", {})
        others = [part for part in parts if part not in calls and part != {"text": ""}]
        candidates.append(candidate | {"index": candidate.get("index", position), "content": others + calls})
    if "createTime" in answered:
        answered["createTime"] = answered["createTime"][:19]
    counts = ("promptTokenCount", "thoughtsTokenCount", "cachedContentTokenCount", "totalTokenCount", "serviceTier")
    told = {name: usage.get(name) for name in counts}
    told["promptTokenCount"] += usage.get("toolUsePromptTokenCount", 0)
    return answered | {"candidates": without_token_ids(candidates), "usage": told}


def without_token_ids(value: Any) -> Any:
    if isinstance(value, list):
        return [without_token_ids(each) for each in value]
    if isinstance(value, dict):
        return {name: without_token_ids(each) for name, each in value.items() if name != "tokenId"}
    return value
