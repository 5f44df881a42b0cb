"""What a single setting may be: the types of more than one, and those that are more than a number or a word."""

from __future__ import annotations

import json
import re
from decimal import Decimal, InvalidOperation
from ipaddress import ip_address
from typing import Annotated, Any, Final, TypeAlias

from pydantic import AfterValidator, BaseModel, BeforeValidator, ConfigDict, Field, StringConstraints
from pydantic_settings import NoDecode

from tollhouse.settings.secret import SecretRef

_HOST_NAME: Final = re.compile(r"(?!-)[A-Za-z0-9_-]{1,63}(\.(?!-)[A-Za-z0-9_-]{1,63})*\.?")


def _split(value: Any) -> Any:
    if not isinstance(value, str):
        return value
    if value.startswith(('["', "[{")):
        return json.loads(value)
    return [part.strip() for part in value.split(",") if part.strip()]


def _decimal(text: str) -> str:
    try:
        amount = Decimal(text)
    except InvalidOperation:
        raise ValueError('must be a decimal number in quotes, such as "2.50"') from None
    if not amount.is_finite() or amount < 0:
        raise ValueError("must be zero or more")
    return text


def _mail_address(text: str) -> str:
    name, _, host = text.rpartition("@")
    if not name or not host or not text.isprintable() or any(letter in text for letter in " ,;<>"):
        raise ValueError("must be a mail address, such as ops@example.com")
    return text


def _host(text: str) -> str:
    try:
        ip_address(text)
    except ValueError:
        if not _HOST_NAME.fullmatch(text):
            raise ValueError("must be an address or the name of a host, such as 127.0.0.1 or localhost") from None
    return text


def _written(pattern: str, must: str) -> AfterValidator:
    """What a secret looks like whose text is written down; where a reference leads is seen when it is used."""

    def look(secret: SecretRef) -> SecretRef:
        if secret.is_plain and not re.match(pattern, secret.resolve()):
            raise ValueError(must)
        return secret

    return AfterValidator(look)


_LIFTED: Final = BeforeValidator(lambda value: None if value == "none" else value)

Seconds: TypeAlias = Annotated[float, Field(gt=0, allow_inf_nan=False)]
Size: TypeAlias = Annotated[int, Field(ge=1, le=2**53)]
Limit: TypeAlias = Annotated[Annotated[int, Field(ge=1, le=2**31 - 1)] | None, _LIFTED]
Days: TypeAlias = Annotated[Annotated[int, Field(ge=1, le=36_500)] | None, _LIFTED]
Dollars: TypeAlias = Annotated[str, AfterValidator(_decimal)]
Name: TypeAlias = Annotated[str, StringConstraints(pattern=r"^[A-Za-z0-9][A-Za-z0-9._:-]*$", max_length=128)]
MailAddress: TypeAlias = Annotated[str, AfterValidator(_mail_address)]
Host: TypeAlias = Annotated[str, AfterValidator(_host)]
DatabaseUrl: TypeAlias = Annotated[
    SecretRef,
    _written(r"postgresql(\+asyncpg)?://|sqlite:///.", "must be postgresql://… or sqlite:///path, or a reference"),
]
RedisUrl: TypeAlias = Annotated[
    SecretRef,
    _written(r"rediss?://|unix://.*/.", "must be redis://…, rediss://… or unix:///path, or a reference"),
]
ProxyUrl: TypeAlias = Annotated[
    SecretRef,
    _written(
        r"(http|socks4|socks5h?)://[^/]+:[0-9]+/?$",
        "must be http://host:port, or the same with socks4, socks5 or socks5h, or a reference",
    ),
]
MasterKey: TypeAlias = Annotated[
    SecretRef, _written(r"\s*{", "must be a reference to what `tollhouse up` makes as master.key, or its content")
]

COMMAS: Final = (NoDecode, BeforeValidator(_split))
"""A list that may be written `a, b`, or as JSON, where only text can be written, as in the environment."""


class Table(BaseModel):
    """A table of settings: what is not known in it is refused, and nothing is changed."""

    model_config = ConfigDict(frozen=True, extra="forbid", use_attribute_docstrings=True)
