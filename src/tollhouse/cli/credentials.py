"""credentials and rotate-key: providers' secrets, and the key that seals them."""

from __future__ import annotations

import sys
from getpass import getpass
from typing import Annotated

import typer

from tollhouse.cli.opening import with_desk
from tollhouse.cli.options import Config, Data, Json, User, Workspace
from tollhouse.cli.output import NOT_IN_ORDER, show_list, show_one, warn
from tollhouse.errors import CredentialUnreadable, InvalidRequest

credentials = typer.Typer(name="credentials", help="Providers' keys: sealed, or by reference.", no_args_is_help=True)

Id = Annotated[str, typer.Argument(metavar="ID", help="Its id, as `credentials list` shows it.")]
ApiKey = Annotated[
    str | None, typer.Option(metavar="-|KEY", help="`-` reads the key from standard input; without, you are asked.")
]


@credentials.command("add")
def add_credential(
    user: Annotated[str, typer.Argument(metavar="USER", help="Whose: an id, a name or an address.")],
    provider: Annotated[str, typer.Argument(help="For which provider: openai, …")],
    api_key: ApiKey = None,
    env: Annotated[str | None, typer.Option(metavar="VAR", help="Refer to a variable of the gateway's.")] = None,
    file: Annotated[str | None, typer.Option(metavar="PATH", help="Refer to a file, named from the root.")] = None,
    label: Annotated[str | None, typer.Option(help="What to call it.")] = None,
    role: Annotated[str, typer.Option(help="`primary` is asked first, `fallback` when that fails.")] = "primary",
    inactive: Annotated[bool, typer.Option("--inactive", help="Do not use it yet.")] = False,
    field: Annotated[
        list[str] | None, typer.Option(metavar="NAME=VALUE", help="What the provider needs besides; again for more.")
    ] = None,
    data: Data = None,
    config: Config = None,
    as_json: Json = False,
) -> None:
    """Add a provider's key for a user. A new primary makes the old one a fallback.

    \b
    tollhouse credentials add alice openai
    tollhouse credentials add alice openai --api-key - < key.txt
    tollhouse credentials add alice openai --env OPENAI_API_KEY --field organization=org-1
    """
    from tollhouse.admin import credentials as room

    reference = _reference(env, file)
    secret = _secret(api_key, f"{provider} key: ") if reference is None else None
    if reference is not None and api_key is not None:
        raise InvalidRequest("A credential has a key or a reference, not both.")
    view = with_desk(
        data,
        config,
        lambda desk, actor: room.add_credential(
            desk,
            actor,
            user,
            provider=provider,
            api_key=secret,
            reference=reference,
            label=label,
            role=role,
            active=not inactive,
            fields=_fields(field or []),
        ),
    )
    show_one(view, as_json)
    if reference is not None:
        _warn_of_nothing_at(reference)


@credentials.command("list")
def list_credentials(
    user: User = None, workspace: Workspace = None, data: Data = None, config: Config = None, as_json: Json = False
) -> None:
    """List credentials, without their secrets, oldest first."""
    from tollhouse.admin import credentials as room

    found = with_desk(data, config, lambda desk, _: room.list_credentials(desk, user, workspace=workspace))
    columns = ("id", "user", "provider", "label", "role", "active", "last4", "reference", "age_days", "last_used_at")
    show_list(found, columns, as_json)


@credentials.command("rotate")
def rotate_credential(
    credential: Id, api_key: ApiKey = None, data: Data = None, config: Config = None, as_json: Json = False
) -> None:
    """Put a new key in a credential's place. The old one stays as a fallback, until you remove it.

    \b
    tollhouse credentials rotate cred_… --api-key - < new-key.txt
    """
    from tollhouse.admin import credentials as room

    secret = _secret(api_key, "new key: ")
    view = with_desk(data, config, lambda desk, actor: room.rotate_credential(desk, actor, credential, secret))
    show_one(view, as_json)


@credentials.command("remove")
def remove_credential(credential: Id, data: Data = None, config: Config = None, as_json: Json = False) -> None:
    """Forget a credential for good."""
    from tollhouse.admin import credentials as room

    view = with_desk(data, config, lambda desk, actor: room.remove_credential(desk, actor, credential))
    show_one(view, as_json)


@credentials.command("verify")
def verify_credential(credential: Id, data: Data = None, config: Config = None, as_json: Json = False) -> None:
    """Ask the provider whether it takes the key, by a call that costs nothing. Exit status 1 when it does not."""
    from tollhouse.admin import credentials as room

    view = with_desk(data, config, lambda desk, actor: room.verify_credential(desk, actor, credential))
    show_one(view, as_json)
    if view.last_error is not None:
        warn(view.last_error)
        raise typer.Exit(NOT_IN_ORDER)


def rotate_key(data: Data = None, config: Config = None, as_json: Json = False) -> None:
    """Make a new master key, and seal all with it. The old one goes when nothing needs it any more. May be broken off
    and begun again; running gateways notice by themselves.
    """
    from tollhouse.admin.master_key import rotate_master_key

    view = with_desk(data, config, rotate_master_key)
    show_one(view, as_json)
    if view.left:
        warn("some credentials could not be read and still need an old key; enter them again, then run this again")
        raise typer.Exit(NOT_IN_ORDER)


def _secret(given: str | None, prompt: str) -> str:
    """The key: from standard input, from the terminal without an echo, or as it was given."""
    if given == "-":
        return sys.stdin.readline().strip()
    if given is not None:
        warn("the key stands in your shell's history and in the list of processes; `--api-key -` reads it from stdin")
        return given
    if sys.stdin.isatty():
        return getpass(prompt)
    raise InvalidRequest("Say where the key is: `--api-key -` for standard input, or a reference.")


def _reference(env: str | None, file: str | None) -> str | None:
    if env is not None and file is not None:
        raise InvalidRequest("A reference leads to a variable or to a file, not to both.")
    if env is not None:
        return f"env:{env}"
    return None if file is None else f"file:{file}"


def _warn_of_nothing_at(reference: str) -> None:
    from tollhouse.gateway.keys import resolve

    try:
        resolve(reference)
    except CredentialUnreadable:
        warn(f"there is nothing at {reference} that this command could read; the gateway must find it there")


def _fields(pairs: list[str]) -> dict[str, str]:
    fields = {}
    for pair in pairs:
        name, equals, value = pair.partition("=")
        if not equals:
            raise InvalidRequest("A field is written NAME=VALUE.")
        fields[name] = value
    return fields
