"""/api/credentials and /api/me/credentials: the same rooms, entered as an administrator or as the owner."""

from __future__ import annotations

from typing import Annotated, Final

from fastapi import Query

from tollhouse.admin import credentials
from tollhouse.admin.views import CredentialView, Listing
from tollhouse.api.management import bodies
from tollhouse.api.management.door import Here
from tollhouse.api.management.table import Table
from tollhouse.tokens import ADMIN, Scope

OWN: Final[Scope] = "credentials:write"

table = Table("credentials")


@table.post("/api/users/{user}/credentials", scope=ADMIN, status=201)
async def add_credential(here: Here, user: str, body: bodies.NewCredential) -> CredentialView:
    """Add a provider's key for a user. A new primary makes the old one a fallback."""
    return await credentials.add_credential(here.desk, here.actor, user, **body.model_dump())


@table.get("/api/users/{user}/credentials", scope=ADMIN)
async def list_user_credentials(
    here: Here, user: str, asked: Annotated[bodies.OldestFirst, Query()]
) -> Listing[CredentialView]:
    """A page of a user's credentials, oldest first."""
    return await credentials.list_credentials(here.desk, user, asked.page)


@table.get("/api/credentials", scope=ADMIN)
async def list_credentials(here: Here, asked: Annotated[bodies.CredentialsAsked, Query()]) -> Listing[CredentialView]:
    """A page of everybody's credentials, or a workspace's, oldest first."""
    return await credentials.list_credentials(here.desk, page=asked.page, workspace=asked.workspace)


@table.get("/api/credentials/{credential}", scope=ADMIN)
async def get_credential(here: Here, credential: str) -> CredentialView:
    """One credential."""
    return await credentials.get_credential(here.desk, credential)


@table.patch("/api/credentials/{credential}", scope=ADMIN)
async def change_credential(here: Here, credential: str, body: bodies.CredentialChange) -> CredentialView:
    """Change a credential's label, role, or whether it is used."""
    said = body.model_dump(exclude_unset=True)
    return await credentials.change_credential(here.desk, here.actor, credential, **said)


@table.delete("/api/credentials/{credential}", scope=ADMIN)
async def remove_credential(here: Here, credential: str) -> None:
    """Forget a credential for good."""
    await credentials.remove_credential(here.desk, here.actor, credential)


@table.post("/api/credentials/{credential}/verify", scope=ADMIN)
async def verify_credential(here: Here, credential: str) -> CredentialView:
    """Ask the provider whether the key is good; the answer is in `verified_at`, or in `last_error`."""
    return await credentials.verify_credential(here.desk, here.actor, credential)


@table.post("/api/credentials/{credential}/rotate", scope=ADMIN, status=201)
async def rotate_credential(here: Here, credential: str, body: bodies.NewKey) -> CredentialView:
    """Put a new key in the place of an old one, which stays as a fallback."""
    return await credentials.rotate_credential(here.desk, here.actor, credential, body.api_key)


@table.post("/api/me/credentials", scope=OWN, status=201)
async def add_my_credential(here: Here, body: bodies.NewCredential) -> CredentialView:
    """Add a provider's key of your own."""
    return await credentials.add_credential(here.desk, here.actor, here.caller.user_id, **body.model_dump())


@table.get("/api/me/credentials", scope=OWN)
async def list_my_credentials(here: Here, asked: Annotated[bodies.OldestFirst, Query()]) -> Listing[CredentialView]:
    """A page of your credentials, oldest first."""
    return await credentials.list_credentials(here.desk, here.caller.user_id, asked.page)


@table.get("/api/me/credentials/{credential}", scope=OWN)
async def get_my_credential(here: Here, credential: str) -> CredentialView:
    """One of your credentials."""
    return await credentials.get_credential(here.desk, credential, user=here.caller.user_id)


@table.patch("/api/me/credentials/{credential}", scope=OWN)
async def change_my_credential(here: Here, credential: str, body: bodies.CredentialChange) -> CredentialView:
    """Change the label or role of one of your credentials, or whether it is used."""
    said = body.model_dump(exclude_unset=True)
    return await credentials.change_credential(here.desk, here.actor, credential, **said, user=here.caller.user_id)


@table.delete("/api/me/credentials/{credential}", scope=OWN)
async def remove_my_credential(here: Here, credential: str) -> None:
    """Forget one of your credentials for good."""
    await credentials.remove_credential(here.desk, here.actor, credential, user=here.caller.user_id)


@table.post("/api/me/credentials/{credential}/verify", scope=OWN)
async def verify_my_credential(here: Here, credential: str) -> CredentialView:
    """Ask the provider whether your key is good; the answer is in `verified_at`, or in `last_error`."""
    return await credentials.verify_credential(here.desk, here.actor, credential, user=here.caller.user_id)


@table.post("/api/me/credentials/{credential}/rotate", scope=OWN, status=201)
async def rotate_my_credential(here: Here, credential: str, body: bodies.NewKey) -> CredentialView:
    """Put a new key in the place of one of yours, which stays as a fallback."""
    user = here.caller.user_id
    return await credentials.rotate_credential(here.desk, here.actor, credential, body.api_key, user=user)
