"""Where settings come from: layers of plain values, the highest wins, and it is known who won."""

from __future__ import annotations

import os
import tomllib
from collections.abc import Iterator, Mapping
from pathlib import Path
from typing import Any, NamedTuple, TypeVar

from dotenv import load_dotenv
from pydantic import BaseModel, ValidationError
from pydantic_settings import (
    BaseSettings,
    EnvSettingsSource,
    NestedSecretsSettingsSource,
    SecretsSettingsSource,
    SettingsError,
)

from tollhouse.errors import ConfigurationError
from tollhouse.settings import table
from tollhouse.settings.secret import SecretRef

Origins = Mapping[table.Path, str]
Values = Mapping[str, Any]
Model = TypeVar("Model", bound=BaseSettings)

FILE_NAME = "tollhouse.toml"
COMMAND_LINE = "command line"
DATABASE = "database"
READ_BEFORE_THE_FILE = frozenset({"config", "development"})


class Layer(NamedTuple):
    """The settings of one place, nested as in the model."""

    place: str
    values: Values


class Reading(NamedTuple):
    """What all layers say together; who said each setting; what looked odd."""

    values: dict[str, Any]
    origins: dict[table.Path, str]
    warnings: tuple[str, ...]


class Origin(NamedTuple):
    """A setting as it is shown: its value as JSON knows it, with secrets hidden."""

    key: str
    value: Any
    origin: str


def read(model: type[BaseSettings], flags: Values) -> Reading:
    """Gather every layer; nothing is checked yet but that it can be read.

    Args:
        flags: what the command line says; None means not said.

    Raises:
        ConfigurationError: a file that was named does not exist, or what there is cannot be parsed.
    """
    said = Layer(COMMAND_LINE, _without_none(flags))
    if _is_on(said.values.get("development", os.environ.get("TOLLHOUSE_DEVELOPMENT"))):
        load_dotenv(Path(".env"))
    environment = Layer("environment", _parsed(lambda: EnvSettingsSource(model)()))
    above = _merge([environment, said])
    file = _file_layer(above)
    secrets = _secrets_layer(model, {**(file.values if file else {}), **above})
    layers = [layer for layer in (file, secrets, environment, said) if layer is not None]
    return Reading(_merge(layers), _who(layers), tuple(_near_misses(model)))


def beneath(reading: Reading, stored: Values) -> Reading:
    """What was read, and what the database says beneath it."""
    below = Layer(DATABASE, stored)
    values = _merge([below, Layer("", reading.values)])
    return Reading(values, {**_who([below]), **reading.origins}, reading.warnings)


def build(model: type[Model], reading: Reading) -> Model:
    """The checked settings.

    Raises:
        ConfigurationError: every problem at once, each with the place where it was written; never with a value.
    """
    try:
        return model(**reading.values)
    except ValidationError as error:
        problems = error.errors(include_url=False, include_context=False, include_input=False)
        raise ConfigurationError(*(_problem(model, reading, dict(problem)) for problem in problems)) from None


def told(settings: BaseModel, known: Origins) -> list[Origin]:
    """Each setting, what it is, and who says so."""
    return [Origin(table.dotted(path), shown(value), _origin(path, known)) for path, value in table.leaves(settings)]


def plain_secrets(settings: BaseModel, known: Origins) -> Iterator[str]:
    """A warning for each secret that stands readable in a file or on the command line."""
    for path, value in table.leaves(settings):
        place = _origin(path, known)
        several = value if isinstance(value, tuple) else (value,)
        is_exposed = any(isinstance(one, SecretRef) and one.is_exposed for one in several)
        if is_exposed and place.startswith(("file", COMMAND_LINE)):
            yield f"{table.dotted(path)} is a secret in plain text ({place}); write `env:VARIABLE` or `file:/path`"


def shown(value: Any) -> Any:
    """A setting's value as JSON knows it, with secrets hidden."""
    if isinstance(value, tuple):
        return [shown(part) for part in value]
    if isinstance(value, BaseModel):
        return value.model_dump()
    return value if value is None or isinstance(value, bool | int | float | str | Mapping) else str(value)


def _secrets_layer(model: type[BaseSettings], said: Values) -> Layer | None:
    # systemd hands its credentials over in a folder that it names so.
    folder = said.get("secrets_dir") or os.environ.get("CREDENTIALS_DIRECTORY")
    if folder is None:
        return None
    if not Path(folder).is_dir():
        raise ConfigurationError(f"secrets_dir: there is no folder {folder}")
    source = SecretsSettingsSource(model, secrets_dir=folder)
    values = _parsed(lambda: NestedSecretsSettingsSource(source, secrets_dir=folder)())
    return Layer(f"secrets directory {folder}", values)


def _file_layer(above: Values) -> Layer | None:
    file = _file(above)
    if file is None:
        return None
    try:
        values = tomllib.loads(file.read_text(encoding="utf-8"))
    except OSError as error:
        raise ConfigurationError(f"The configuration file {file} cannot be read: {error.strerror}") from None
    except (tomllib.TOMLDecodeError, UnicodeDecodeError) as error:
        raise ConfigurationError(f"The configuration file {file} is not TOML: {error}") from None
    if too_late := values.keys() & READ_BEFORE_THE_FILE:
        raise ConfigurationError(*(f"{name} is not set in the file itself (file {file})" for name in sorted(too_late)))
    return Layer(f"file {file}", values)


def _file(above: Values) -> Path | None:
    if named := above.get("config"):
        return Path(named)
    folders = (Path(), Path(above.get("data") or "tollhouse-data"))
    return next((folder / FILE_NAME for folder in folders if (folder / FILE_NAME).is_file()), None)


def _parsed(source: Any) -> dict[str, Any]:
    try:
        values: dict[str, Any] = source()
    except SettingsError as error:
        raise ConfigurationError(str(error)) from None
    return values


def _without_none(values: Values) -> dict[str, Any]:
    nested = {name: _without_none(value) if isinstance(value, Mapping) else value for name, value in values.items()}
    return {name: value for name, value in nested.items() if value is not None and value != {}}


def _merge(layers: list[Layer]) -> dict[str, Any]:
    merged: dict[str, Any] = {}
    for layer in layers:
        _lay_over(merged, layer.values)
    return merged


def _lay_over(below: dict[str, Any], above: Values) -> None:
    for name, value in above.items():
        if isinstance(value, Mapping):
            inner = below.get(name)
            below[name] = dict(inner) if isinstance(inner, Mapping) else {}
            _lay_over(below[name], value)
        else:
            below[name] = value


def _who(layers: list[Layer]) -> dict[table.Path, str]:
    return {path: layer.place for layer in layers for path, _ in table.leaves(layer.values)}


def _origin(path: table.Path, known: Origins) -> str:
    """The place of a setting, or of the nearest table around it."""
    for length in range(len(path), 0, -1):
        if place := known.get(path[:length]):
            return f"environment {table.variable(path)}" if place == "environment" else place
    return "default"


def _problem(model: type[BaseSettings], reading: Reading, problem: dict[str, Any]) -> str:
    path = _path(reading.values, problem["loc"])
    where = f" ({_nearest(path, reading.origins)})"
    if problem["type"] != "extra_forbidden":
        return f"{table.dotted(path)}: {problem['msg'].removeprefix('Value error, ')}{where}"
    meant = table.near(model, path)
    hint = f"; did you mean {table.dotted(meant)}?" if meant else ""
    return f"{table.dotted(path)} is not a setting{hint}{where}"


def _nearest(path: table.Path, known: Origins) -> str:
    """Who wrote a setting, or, when it is missing, what stands beside it."""
    for length in range(len(path), 0, -1):
        if found := next((found for found in known if found[:length] == path[:length]), None):
            return _origin(found, known)
    return "default"


def _path(values: Any, location: tuple[int | str, ...]) -> table.Path:
    """Where a problem lies, without the names of alternatives that pydantic puts between the keys."""
    path: list[str] = []
    for part in location:
        if not isinstance(values, Mapping):
            break
        if part in values or part == location[-1] != "[key]":
            path.append(str(part))
            values = values.get(part)
    return tuple(path)


def _near_misses(model: type[BaseSettings]) -> Iterator[str]:
    """Environment variables that look like a setting with a typing error; others may be anybody's."""
    for name in os.environ:
        path = tuple(name.removeprefix("TOLLHOUSE_").lower().split("__"))
        if not name.startswith("TOLLHOUSE_") or path[0] in model.model_fields:
            continue
        if meant := table.near(model, path):
            yield f"The environment variable {name} is not a setting; did you mean {table.variable(meant)}?"


def _is_on(value: Any) -> bool:
    return str(value).lower() in ("true", "1", "yes", "on")
