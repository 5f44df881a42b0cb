"""Every table, in the order a newcomer should meet them: people, secrets, rules, money, log, alerts, machinery.

Ids are prefixed and time-sortable (`tollhouse.ids`), so a primary key is also the order of creation. Tables that grow
with every request are clustered on it (SQLite's WITHOUT ROWID), carry as few indexes as their readers can live with,
and no CHECK constraints: SQLite evaluates them in every statement, and `tollhouse verify` holds the same laws over all
rows. The tables of conversations are in `conversation_tables`.
"""

from __future__ import annotations

from sqlalchemy import (
    BigInteger,
    Boolean,
    CheckConstraint,
    Column,
    Float,
    ForeignKey,
    Index,
    Integer,
    LargeBinary,
    MetaData,
    Table,
    Text,
    text,
)

from tollhouse.store.types import Flag, Instant, Json

metadata = MetaData(
    naming_convention={
        "ix": "ix_%(table_name)s_%(column_0_N_name)s",
        "uq": "uq_%(table_name)s_%(column_0_N_name)s",
        "ck": "ck_%(table_name)s_%(constraint_name)s",
        "fk": "fk_%(table_name)s_%(column_0_N_name)s",
        "pk": "pk_%(table_name)s",
    }
)

# --- people ----------------------------------------------------------------------------------------------------------

workspace = Table(
    "workspace",
    metadata,
    Column("id", Text, primary_key=True),
    Column("name", Text, nullable=False, unique=True),
    # A version that knows of no time zone may still run beside this one, and makes workspaces too.
    Column("time_zone", Text, nullable=False, server_default="UTC"),
    Column("created_at", Instant, nullable=False),
)

user = Table(
    "user_account",
    metadata,
    Column("id", Text, primary_key=True),
    Column("workspace_id", Text, ForeignKey("workspace.id"), nullable=False, index=True),
    Column("name", Text, nullable=False),
    Column("email", Text),
    Column("time_zone", Text, nullable=False),
    Column("requests_per_minute", Integer),
    Column("tokens_per_minute", Integer),
    Column("concurrent", Integer),
    Column("created_at", Instant, nullable=False),
    Column("disabled_at", Instant),
)

token = Table(
    "token",
    metadata,
    Column("id", Text, primary_key=True),
    Column("lookup", Text, nullable=False, unique=True),
    Column("user_id", Text, ForeignKey("user_account.id"), nullable=False, index=True),
    Column("name", Text, nullable=False),
    Column("digest", Text, nullable=False),
    Column("scopes", Json, nullable=False),
    Column("created_by", Text),
    Column("created_at", Instant, nullable=False),
    Column("expires_at", Instant),
    Column("revoked_at", Instant),
    Column("last_used_at", Instant),
)

session = Table(
    "session",
    metadata,
    Column("id", Text, primary_key=True),
    Column("digest", Text, nullable=False, unique=True),
    Column("token_id", Text, ForeignKey("token.id"), nullable=False),
    Column("created_at", Instant, nullable=False),
    Column("expires_at", Instant, nullable=False),
)

login_code = Table(
    "login_code",
    metadata,
    Column("digest", Text, primary_key=True),
    Column("token_id", Text, ForeignKey("token.id"), nullable=False),
    Column("expires_at", Instant, nullable=False),
)

# --- secrets ---------------------------------------------------------------------------------------------------------

credential = Table(
    "credential",
    metadata,
    Column("id", Text, primary_key=True),
    Column("user_id", Text, ForeignKey("user_account.id"), nullable=False),
    Column("provider", Text, nullable=False),
    Column("label", Text),
    Column("role", Text, nullable=False),
    Column("active", Boolean, nullable=False),
    Column("origin", Text, nullable=False),
    Column("fields", Json, nullable=False),
    Column("reference", Text),
    Column("wrapped_key", Text),
    Column("ciphertext", Text),
    Column("kid", Text, index=True),
    Column("last4", Text, nullable=False),
    Column("fingerprint", Text, nullable=False),
    Column("created_at", Instant, nullable=False),
    Column("verified_at", Instant),
    Column("last_used_at", Instant),
    Column("last_error", Text),
    Column("last_error_at", Instant),
    CheckConstraint("role IN ('primary', 'fallback')", name="role"),
    Index("ix_credential_user_id_provider", "user_id", "provider"),
)

# --- rules -----------------------------------------------------------------------------------------------------------

budget = Table(
    "budget",
    metadata,
    Column("id", Text, primary_key=True),
    Column("owner", Text, nullable=False, index=True),
    Column("model", Text),
    Column("unit", Text, nullable=False),
    Column("window", Text, nullable=False),
    Column("time_zone", Text, nullable=False),
    Column("mode", Text, nullable=False),
    Column("amount", BigInteger, nullable=False),
    Column("min_output_tokens", Integer, nullable=False),
    Column("alert_at", Json, nullable=False),
    Column("created_at", Instant, nullable=False),
    Column("removed_at", Instant),
    CheckConstraint("unit IN ('usd', 'tokens', 'requests')", name="unit"),
    CheckConstraint("\"window\" IN ('day', 'month', 'total')", name="window"),
    CheckConstraint("mode IN ('strict', 'estimate', 'warn')", name="mode"),
    CheckConstraint("amount >= 0", name="amount"),
)

price = Table(
    "price",
    metadata,
    Column("provider", Text, primary_key=True),
    Column("model", Text, primary_key=True),
    Column("version", Text, nullable=False),
    Column("price", Json),
    Column("context_tokens", Integer),
    Column("imported_at", Instant, nullable=False),
)

# --- money -----------------------------------------------------------------------------------------------------------

bucket = Table(
    "bucket",
    metadata,
    Column("id", Text, primary_key=True),
    Column("budget_id", Text, nullable=False),
    Column("posted", BigInteger, nullable=False),
    Column("open", BigInteger, nullable=False),
    Column("unconfirmed", BigInteger, nullable=False),
    Column("overage", BigInteger, nullable=False),
    sqlite_with_rowid=False,
)

hold = Table(
    "hold",
    metadata,
    Column("id", Text, primary_key=True),
    Column("request_id", Text, nullable=False),
    Column("boot_id", Text, nullable=False),
    Column("provider", Text, nullable=False),
    Column("model", Text, nullable=False),
    Column("state", Text, nullable=False),
    Column("usd", BigInteger, nullable=False),
    Column("held", Text, nullable=False),
    Column("price_version", Text, nullable=False),
    Column("deadline", BigInteger, nullable=False),
    Column("skeleton", Text),
    Index(
        "ix_hold_pending",
        "boot_id",
        sqlite_where=text("skeleton IS NOT NULL"),
        postgresql_where=text("skeleton IS NOT NULL"),
    ),
    Index(
        "ix_hold_unconfirmed",
        "id",
        sqlite_where=text("state = 'unconfirmed'"),
        postgresql_where=text("state = 'unconfirmed'"),
    ),
    sqlite_with_rowid=False,
)  # fmt: skip

entry = Table(
    "ledger_entry",
    metadata,
    Column("id", BigInteger().with_variant(Integer, "sqlite"), primary_key=True, autoincrement=True),
    Column("hold_id", Text, nullable=False),  # or of what corrects: its own
    Column("kind", Text, nullable=False),
    Column("usd", BigInteger, nullable=False),
    Column("moves", Text, nullable=False),
    Column("at", BigInteger, nullable=False),
)

carried = Table(
    "carried",
    metadata,
    Column("bucket", Text, primary_key=True),
    Column("posted", BigInteger, nullable=False),
    Column("overage", BigInteger, nullable=False),
    Column("entries", BigInteger, nullable=False),
)

# --- the log ---------------------------------------------------------------------------------------------------------

request = Table(
    "request",
    metadata,
    Column("id", Text, primary_key=True),
    Column("created_at", BigInteger, nullable=False),
    Column("user_id", Text, nullable=False),
    Column("workspace_id", Text, nullable=False),
    Column("token_id", Text, nullable=False),
    Column("boot_id", Text, nullable=False),
    Column("surface", Text, nullable=False),
    Column("asked_model", Text),
    Column("stream", Flag, nullable=False),
    Column("ip", Text),
    Column("user_agent", Text),
    Column("client_request_id", Text),
    Column("tag", Text),
    Column("run_id", Text),
    Column("status", Integer, nullable=False),
    Column("outcome", Text, nullable=False),
    Column("error_code", Text),
    Column("error_message", Text),
    Column("provider", Text),
    Column("model", Text),
    Column("credential_id", Text),
    Column("finish_reason", Text),
    Column("input_tokens", Integer),
    Column("input_cached_tokens", Integer),
    Column("input_cache_write_tokens", Integer),
    Column("output_tokens", Integer),
    Column("output_reasoning_tokens", Integer),
    Column("input_cost", BigInteger),
    Column("output_cost", BigInteger),
    Column("cost_status", Text),
    Column("attempts", Integer, nullable=False),
    Column("attempt_log", Text),
    Column("cache", Text),
    Column("guards", Text),
    Column("response_time_us", BigInteger, nullable=False),
    Column("first_token_us", BigInteger),
    Column("upstream_us", BigInteger, nullable=False),
    Index("ix_request_user_id", "user_id", "id", "token_id"),
    Index(
        "ix_request_tag",
        "tag",
        "id",
        sqlite_where=text("tag IS NOT NULL"),
        postgresql_where=text("tag IS NOT NULL"),
    ),
    Index(
        "ix_request_failed",
        "id",
        "outcome",
        sqlite_where=text("outcome <> 'succeeded'"),
        postgresql_where=text("outcome <> 'succeeded'"),
    ),
    Index(
        "ix_request_client_request_id",
        "client_request_id",
        sqlite_where=text("client_request_id IS NOT NULL"),
        postgresql_where=text("client_request_id IS NOT NULL"),
    ),
    Index(
        "ix_request_run_id",
        "run_id",
        sqlite_where=text("run_id IS NOT NULL"),
        postgresql_where=text("run_id IS NOT NULL"),
    ),
    sqlite_with_rowid=False,
)

request_body = Table(
    "request_body",
    metadata,
    Column("request_id", Text, primary_key=True),
    Column("request", Text),
    Column("response", Text),
    Column("size_bytes", Integer, nullable=False),
)

audit = Table(
    "audit",
    metadata,
    Column("id", Text, primary_key=True),
    Column("at", Instant, nullable=False),
    Column("actor", Text, nullable=False),
    Column("deed", Text, nullable=False),
    Column("subject", Text, nullable=False),
    Column("facts", Json, nullable=False),
)

# --- alerts ----------------------------------------------------------------------------------------------------------

webhook = Table(
    "webhook",
    metadata,
    Column("id", Text, primary_key=True),
    Column("url", Text, nullable=False),
    Column("events", Json, nullable=False),
    Column("active", Boolean, nullable=False),
    Column("created_at", Instant, nullable=False),
    Column("gone_at", Instant),
)

webhook_secret = Table(
    "webhook_secret",
    metadata,
    Column("id", Text, primary_key=True),
    Column("webhook_id", Text, ForeignKey("webhook.id"), nullable=False, index=True),
    Column("wrapped_key", Text, nullable=False),
    Column("ciphertext", Text, nullable=False),
    Column("kid", Text, nullable=False),
    Column("created_at", Instant, nullable=False),
    Column("expires_at", Instant),
)

alert = Table(
    "alert",
    metadata,
    Column("id", Text, primary_key=True),
    Column("type", Text, nullable=False),
    Column("subject", Text, nullable=False),
    Column("threshold", Float(53), nullable=False),
    Column("facts", Json, nullable=False),
    Column("created_at", Instant, nullable=False),
    Column("rearmed_at", Instant),
    Index(
        "uq_alert_armed",
        "type",
        "subject",
        "threshold",
        unique=True,
        sqlite_where=text("rearmed_at IS NULL"),
        postgresql_where=text("rearmed_at IS NULL"),
    ),
)

delivery = Table(
    "delivery",
    metadata,
    Column("id", Text, primary_key=True),
    Column("alert_id", Text, ForeignKey("alert.id"), nullable=False),
    Column("target", Text, nullable=False),
    Column("status", Text, nullable=False),
    Column("attempts", Integer, nullable=False),
    Column("created_at", Instant, nullable=False),
    Column("next_try_at", Instant),
    Column("give_up_at", Instant, nullable=False),
    Column("leased_until", Instant),
    Column("tried_at", Instant),
    Column("response_status", Integer),
    Column("error", Text),
    CheckConstraint("status IN ('pending', 'delivered', 'failed')", name="status"),
    Index(
        "ix_delivery_due",
        "next_try_at",
        sqlite_where=text("status = 'pending'"),
        postgresql_where=text("status = 'pending'"),
    ),
)

spend = Table(
    "spend",
    metadata,
    Column("day", Integer, primary_key=True),
    Column("token_id", Text, primary_key=True),
    Column("provider", Text, primary_key=True),
    Column("model", Text, primary_key=True),
    Column("tag", Text, primary_key=True),
    Column("user_id", Text, nullable=False),
    Column("workspace_id", Text, nullable=False),
    Column("requests", BigInteger, nullable=False),
    Column("unpriced", BigInteger, nullable=False),
    Column("estimated", BigInteger, nullable=False),
    Column("input_tokens", BigInteger, nullable=False),
    Column("input_cached_tokens", BigInteger, nullable=False),
    Column("output_tokens", BigInteger, nullable=False),
    Column("cost", BigInteger, nullable=False),
    sqlite_with_rowid=False,
)

# --- the machinery ---------------------------------------------------------------------------------------------------

repeat = Table(
    "repeat",
    metadata,
    Column("scope", Text, primary_key=True),
    Column("key", Text, primary_key=True),
    Column("digest", Text, nullable=False),
    Column("status", Integer),
    Column("answer", LargeBinary),
    Column("claimed_until", BigInteger, nullable=False),
    Column("boot_id", Text, nullable=False),
    Column("created_at", BigInteger, nullable=False, index=True),
)

kept_answer = Table(
    "kept_answer",
    metadata,
    Column("id", Text, primary_key=True),
    Column("user_id", Text, nullable=False),
    Column("model", Text, nullable=False),
    Column("tag", Text, nullable=False),
    Column("answer", Text, nullable=False),
    Column("size_bytes", BigInteger, nullable=False),
    Column("cost", BigInteger, nullable=False),
    Column("hits", BigInteger, nullable=False),
    Column("created_at", BigInteger, nullable=False, index=True),
    Column("expires_at", BigInteger, nullable=False, index=True),
    sqlite_with_rowid=False,
)

likeness_trial = Table(
    "likeness_trial",
    metadata,
    Column("id", Text, primary_key=True),
    Column("name", Text, nullable=False),
    Column("likeness", Integer, nullable=False),
    Column("is_wrong", Integer, nullable=False),
    Column("created_at", BigInteger, nullable=False, index=True),
    sqlite_with_rowid=False,
)

process = Table(
    "process",
    metadata,
    Column("boot_id", Text, primary_key=True),
    Column("kind", Text, nullable=False),
    Column("pid", Integer, nullable=False),
    Column("started_at", Instant, nullable=False),
    Column("beat_at", BigInteger, nullable=False),
)

limit_use = Table(
    "limit_use",
    metadata,
    Column("user_id", Text, primary_key=True),
    Column("boot_id", Text, primary_key=True),
    Column("requests", BigInteger, nullable=False),
    Column("tokens", BigInteger, nullable=False),
    Column("concurrent", BigInteger, nullable=False),
    Column("told_at", BigInteger, nullable=False),
)

fact = Table(
    "fact",
    metadata,
    Column("name", Text, primary_key=True),
    Column("value", Json, nullable=False),
)

setting = Table(
    "setting",
    metadata,
    Column("name", Text, primary_key=True),
    # Null is a value: a limit that is lifted, a model that is not named.
    Column("value", Json),
)

provider_order = Table(
    "provider_order",
    metadata,
    Column("provider", Text, primary_key=True),
    # Null while it is not paused.
    Column("paused_at", Instant),
    Column("paused_by", Text),
    Column("reason", Text),
    Column("reset_at", BigInteger),
)
