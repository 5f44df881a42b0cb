"""The settings themselves, each with its type, unit, default and meaning."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from ipaddress import ip_address
from pathlib import Path
from typing import Annotated, Any, Literal, Self

from pydantic import (
    Discriminator,
    Field,
    IPvAnyNetwork,
    NonNegativeInt,
    PositiveInt,
    PrivateAttr,
    Tag,
    model_validator,
)
from pydantic_settings import BaseSettings, PydanticBaseSettingsSource, SettingsConfigDict

from tollhouse.errors import ConfigurationError
from tollhouse.settings import layers
from tollhouse.settings.alerts import AlertSettings
from tollhouse.settings.fields import (
    COMMAS,
    DatabaseUrl,
    Days,
    Dollars,
    Host,
    Limit,
    MasterKey,
    Name,
    ProxyUrl,
    RedisUrl,
    Seconds,
    Size,
    Table,
)
from tollhouse.settings.guards import GuardSettings
from tollhouse.settings.live import AT_ONCE, NEXT_MESSAGE, NEXT_REQUEST, NEXT_TIDYING, NEXT_USER, Live
from tollhouse.settings.secret import SecretRef


class LimitSettings(Table):
    """What a request may be at most."""

    body_bytes: PositiveInt = 32 * 1024 * 1024
    """Size of a request's body, in bytes; beyond it 413."""


class ClientSettings(Table):
    """How long clients may take, in seconds; noticed up to a second later. A request that is too slow gets 408."""

    head_s: Seconds = 10.0
    """From a request's first byte to the end of its head."""
    body_s: Seconds = 600.0
    """From there to the end of its body."""
    stalled_s: Seconds = 30.0
    """Without a byte of the body sent, or of the answer taken."""
    idle_s: Seconds = 75.0
    """Without a request on an open connection. Longer than a load balancer in front keeps it, which often is 60."""


class TimeoutSettings(Table):
    """How long a provider may take, in seconds."""

    connect_s: Seconds = 3.0
    """Until the connection stands, TLS included."""
    first_byte_s: Seconds = 120.0
    """From the request's last byte to the answer's first."""
    idle_s: Seconds = 60.0
    """Between two pieces of an answer."""
    total_s: Seconds = 600.0
    """For a whole request, all attempts together."""


class NewUserSettings(Table):
    """What a user gets who is made without limits of their own."""

    requests_per_minute: Annotated[Limit, NEXT_USER] = 20
    """Requests in a minute, or `none`."""
    tokens_per_day: Annotated[Limit, NEXT_USER] = 100_000
    """Tokens in a day, as a budget in mode `estimate`, or `none`."""
    concurrent: Annotated[Limit, NEXT_USER] = 100
    """Calls at the same time, or `none`."""


class ConversationSettings(Table):
    """How conversations are kept and answered."""

    max_message_chars: Annotated[Limit, NEXT_MESSAGE] = None
    """Characters of a user's message, or `none` for what the model reads."""
    unknown_context_tokens: Annotated[Size, NEXT_MESSAGE] = 32_768
    """The most tokens that a model is taken to read and write in one call, when its own limit is not known."""
    title_model: Annotated[str | None, NEXT_MESSAGE] = None
    """A cheap model, as `provider/model` or an alias, that makes titles; without one they are the first words."""
    store_responses: Annotated[bool, NEXT_REQUEST] = False
    """Keep the responses of OpenAI's clients that do not say whether to (`store`), as OpenAI does."""


Share = Annotated[float, Field(gt=0, lt=1, allow_inf_nan=False)]


class SemanticSettings(Table):
    """Answers to questions that only resemble what is asked; where answers are given again to the letter, too."""

    mode: Annotated[Literal["off", "shadow", "serve"], NEXT_REQUEST] = "off"
    """`shadow` compares what would be given with what the model says; `serve` also gives it, once it is proven."""
    likeness: Share = 0.85
    """How alike two questions must be, from 0 to 1."""
    max_wrong: Annotated[Share, NEXT_REQUEST] = 0.01
    """The share of wrong answers that is borne. Nothing is given while it may be greater, at 95 % confidence."""
    verify: Annotated[Share, NEXT_REQUEST] = 0.05
    """The share of what could be given that the model is asked all the same, to compare."""


class CacheSettings(Table):
    """Answers that are given again, for nothing, when the same is asked once more."""

    mode: Annotated[Literal["off", "exact"], NEXT_REQUEST] = "off"
    """`exact` gives an answer again to what is asked to the letter."""
    scope: Literal["user", "workspace", "public"] = "user"
    """Who shares answers: nobody, the users of a workspace, or everybody."""
    ttl_seconds: Annotated[int, Field(ge=1, le=10 * 365 * 86_400), Live("for answers that are kept from then on")] = (
        3600
    )
    """How long an answer is given again, in seconds, at most; a client may ask for less."""
    sampled: Annotated[bool, NEXT_REQUEST] = False
    """Also give those again that chance had a part in: all that were not asked with a temperature of 0."""
    store: Literal["auto", "database", "redis", "memory"] = "auto"
    """`auto` is Redis where `redis_url` names one, else the database. `memory` is each process's own, and a restart
    empties it."""
    max_bytes: Annotated[Size, NEXT_TIDYING] = 256 * 1024 * 1024
    """Size of all answers, in bytes; beyond it those go that are oldest, in memory those not wanted for longest."""
    max_answer_bytes: Annotated[Size, NEXT_REQUEST] = 256 * 1024
    """A larger answer is not kept, in bytes."""
    semantic: SemanticSettings = SemanticSettings()


class JobSettings(Table):
    """How runs in the background are executed, and what is kept of runs."""

    concurrency: Annotated[int, Field(ge=1, le=10_000), Live("from the next run on; those under way go on")] = 32
    """Runs that one worker executes at the same time."""
    keep_events_hours: Annotated[int, Field(ge=1, le=876_000), NEXT_TIDYING] = 24
    """How long a run can be followed event by event; its answer stays. In hours."""


class RequestLogSettings(Table):
    """How long the rows of the request log are kept. What the ledger says is kept (`ledger_retention_days`)."""

    max_age_days: Annotated[Days, NEXT_TIDYING] = 90
    """Rows older than this are deleted, in days, or `none`."""
    max_rows: Annotated[Limit, NEXT_TIDYING] = 10_000_000
    """Beyond this many rows the oldest are deleted, or `none`."""
    max_body_mib: Annotated[Limit, NEXT_TIDYING] = 1024
    """Beyond this size of all bodies kept, in MiB, the oldest are deleted, or `none`."""
    bodies: Annotated[bool, NEXT_REQUEST] = False
    """Keep what was asked and answered beside the row. Off: prompts are nobody's business but the caller's."""

    @property
    def max_bodies_bytes(self) -> int | None:
        """`max_body_mib` in bytes."""
        return None if self.max_body_mib is None else self.max_body_mib * 1024 * 1024


class LogSettings(Table):
    """The process's own log. It holds no prompts, no answers and no secrets."""

    level: Annotated[Literal["debug", "info", "warning", "error"], AT_ONCE] = "info"
    """The least that is written."""
    format: Literal["auto", "json", "console"] = "auto"
    """`auto` is for people on a terminal and JSON lines elsewhere."""
    directory: Path | None = None
    """Also write JSON lines to a file per day in this folder; no files without it."""
    keep_days: PositiveInt = 14
    """Days that a file is kept."""
    warn_tokens: Annotated[NonNegativeInt, AT_ONCE] = 5_000
    """A request that used more tokens than this is logged as a warning; never when 0."""


class TelemetrySettings(Table):
    """The OpenTelemetry collector that is sent a trace of every request, if any; it needs the extra `otel`. What is not
    set here is taken from OpenTelemetry's own variables, such as `OTEL_EXPORTER_OTLP_ENDPOINT`."""

    otlp_endpoint: str | None = None
    """Its base URL, for OTLP over HTTP: `http://localhost:4318`. It is called without `egress_proxy`."""
    otlp_headers: SecretRef | None = None
    """Headers that it wants, `name=value,name=value`, encoded as in a URL."""

    def resolve(self) -> tuple[str | None, str | None]:
        """The URL and the headers. Raises ConfigurationError."""
        return self.otlp_endpoint, self.otlp_headers.resolve() if self.otlp_headers else None


class ModelTable(Table):
    """A model that the operator lists. A price that is absent is unknown, not zero."""

    input_usd_per_million: Dollars | None = None
    """US dollars per million tokens read, as text: `"2.50"`."""
    input_cached_usd_per_million: Dollars | None = None
    """The same for tokens read from the provider's prompt cache."""
    input_cache_write_usd_per_million: Dollars | None = None
    """The same for tokens written to the provider's prompt cache."""
    output_usd_per_million: Dollars | None = None
    """US dollars per million tokens written."""
    usd_per_request: Dollars | None = None
    """US dollars per call, besides its tokens."""
    context_tokens: PositiveInt | None = None
    """The most tokens the model reads and writes in one call."""
    max_output_tokens: PositiveInt | None = None
    """The most tokens it writes in one call."""


Models = Annotated[
    Annotated[Literal["open", "closed"], Tag("word")] | Annotated[Mapping[str, ModelTable], Tag("table")],
    Discriminator(lambda value: "table" if isinstance(value, Mapping) else "word"),
]


class ProviderTable(Table):
    """A provider that is not built in, or other facts on one that is."""

    dialect: str | None = None
    """A module of `tollhouse.dialects`; needed when the provider is not built in."""
    base_url: str | None = None
    """Where its API starts: `https://host/v1`."""
    allow_private_address: bool = False
    """Permit private networks and `http:`, for a model of your own."""
    api_key: SecretRef | None = None
    """The operator's own key."""
    share: bool = False
    """Use the operator's key for users who have none of their own."""
    free: bool = False
    """Calls cost nothing."""
    tells_cost: bool = False
    """What its answers say that they cost, in `usage.cost`, is what it bills, and is charged."""
    models: Models | None = None
    """The models' table, which closes the list; or `open`: unknown names are passed on, or `closed`: they are 404."""

    @model_validator(mode="after")
    def _address(self) -> Self:
        if self.base_url is None:
            return self
        scheme, _, rest = self.base_url.partition("://")
        if scheme not in ("https", "http") or not rest:
            raise ValueError("base_url must start with https:// (or http:// with allow_private_address)")
        if scheme == "http" and not self.allow_private_address:
            raise ValueError("base_url with http:// needs allow_private_address = true")
        if "@" in rest.partition("/")[0]:
            raise ValueError("base_url must not hold a user name or a password; use api_key")
        return self


class CandidateTable(Table):
    """A model that may answer for an alias, and how often it is asked first."""

    model: str
    """`provider/model`."""
    weight: PositiveInt = 1
    """For `weighted`: how often, beside the others."""


RouteCandidate = Annotated[
    Annotated[str, Tag("name")] | Annotated[CandidateTable, Tag("table")],
    Discriminator(lambda value: "name" if isinstance(value, str) else "table"),
]


class RouteTable(Table):
    """An alias, and the models that may answer for it."""

    candidates: Annotated[tuple[RouteCandidate, ...], *COMMAS, Field(min_length=1)]
    """`provider/model`, best first; with a weight other than 1, `{ model = "provider/model", weight = 3 }`."""
    strategy: Literal["fallback", "weighted", "cheapest", "fastest", "least_busy"] = "fallback"
    """Who is asked first: as written, by weight, price, speed or load. The others follow as written."""
    cache: Literal["off", "exact"] | None = None
    """Whether its answers are given again, where that is otherwise than `cache.mode`."""
    semantic: Literal["off", "shadow", "serve"] | None = None
    """The same for those to what only resembles it, where that is otherwise than `cache.semantic.mode`."""

    @model_validator(mode="after")
    def _complete(self) -> Self:
        if bad := next((name for name in self.names if not all(name.partition("/")[::2])), None):
            raise ValueError(f"a candidate is named provider/model, not {bad!r}")
        return self

    @property
    def names(self) -> tuple[str, ...]:
        """Each candidate's `provider/model`."""
        return tuple(one if isinstance(one, str) else one.model for one in self.candidates)

    @property
    def weights(self) -> tuple[int, ...]:
        """Each candidate's weight."""
        return tuple(1 if isinstance(one, str) else one.weight for one in self.candidates)


class Settings(BaseSettings):
    """Everything that can be set. Made by `load`, passed down, never changed."""

    model_config = SettingsConfigDict(
        env_prefix="TOLLHOUSE_",
        env_nested_delimiter="__",
        env_ignore_empty=True,
        frozen=True,
        extra="forbid",
        use_attribute_docstrings=True,
    )

    data: Path = Path("tollhouse-data")
    """The data folder: database, encryption key, first keys. Readable by its owner only."""
    config: Path | None = None
    """The TOML file; without one, `tollhouse.toml` in the working or the data folder, if there is one."""
    secrets_dir: Path | None = None
    """A folder with one file per setting, named like its environment variable. The file may name it, too."""
    development: bool = False
    """Development mode: `.env` in the working folder is read into the environment first. Not set in the file."""
    host: Host = "127.0.0.1"
    """The address to listen on. One that other machines reach (`0.0.0.0`, `::`) must be set by you."""
    port: int = Field(default=8787, ge=0, le=65535)
    """The port to listen on; 0 takes a free one."""
    trusted_proxies: Annotated[tuple[IPvAnyNetwork, ...], *COMMAS] = ()
    """Networks of reverse proxies whose `X-Forwarded-For` names the client."""
    database_url: DatabaseUrl | None = None
    """`postgresql://…`; without one, the SQLite file `tollhouse.db` in the data folder."""
    sqlite_synchronous: Literal["NORMAL", "FULL"] = "NORMAL"
    """`NORMAL` is safe when the process is killed; `FULL` also when the power fails, and is slower."""
    redis_url: RedisUrl | None = None
    """`redis://…`, `rediss://…` for TLS, or `unix:///path`: a Redis or Valkey that processes share; needs the extra
    `redis`."""
    redis_ca_file: Path | None = None
    """Authorities (PEM) that are trusted instead of the system's, for `rediss://`."""
    egress_proxy: ProxyUrl | None = None
    """An `http://`, `socks5://` or `socks5h://` proxy for all calls out. The environment's proxies are ignored."""
    master_key: MasterKey | None = None
    """The key that seals credentials; without one, `master.key` in the data folder, made by `up`."""
    attempts: Annotated[int, Field(ge=1, le=20), NEXT_REQUEST] = 3
    """How often providers are asked for one request, all candidates together."""
    drain_seconds: Annotated[float, Field(ge=0, allow_inf_nan=False)] = 60.0
    """How long running answers may go on after SIGTERM, in seconds."""

    hear_out_seconds: Annotated[float, Field(ge=0, allow_inf_nan=False)] = 5.0
    """How long an answer goes on after its client has left, or a guard has stopped it, in seconds: the provider's own
    count comes at its end. After that, or at once when 0, the call is cancelled and charged by what was seen."""

    ledger_retention_days: Days = None
    """Older entries of the ledger are carried forward as one sum for each budget and period, in days, or `none` for
    never; those that the request log still tells of stay. They cannot be brought back."""

    limits: LimitSettings = LimitSettings()
    clients: ClientSettings = ClientSettings()
    timeouts: TimeoutSettings = TimeoutSettings()
    new_user: NewUserSettings = NewUserSettings()
    conversations: ConversationSettings = ConversationSettings()
    cache: CacheSettings = CacheSettings()
    jobs: JobSettings = JobSettings()
    requests: RequestLogSettings = RequestLogSettings()
    log: LogSettings = LogSettings()
    telemetry: TelemetrySettings = TelemetrySettings()
    alerts: AlertSettings = AlertSettings()
    guards: GuardSettings = GuardSettings()
    providers: Mapping[Name, ProviderTable] = {}
    routes: Mapping[Name, RouteTable] = {}

    _reading: layers.Reading | None = PrivateAttr(default=None)
    _origins: layers.Origins = PrivateAttr(default_factory=dict)
    _warnings: tuple[str, ...] = PrivateAttr(default=())

    @classmethod
    def load(
        cls,
        data: Path | str | None = None,
        config: Path | str | None = None,
        overrides: Mapping[str, Any] | None = None,
    ) -> Self:
        """Read every layer, once.

        Args:
            data: `--data`.
            config: `--config`; the file must then exist.
            overrides: what else the command line says, nested like the settings; None means not said.

        Raises:
            ConfigurationError: names every unknown, malformed or missing setting, and where it was written.
        """
        flags = {**(overrides or {}), "data": data, "config": config}
        reading = layers.read(cls, flags)
        settings = layers.build(cls, reading)
        if settings.cache.store == "redis" and settings.redis_url is None:
            raise ConfigurationError("cache.store: redis needs redis_url")
        settings._reading, settings._origins = reading, reading.origins
        secrets = layers.plain_secrets(settings, reading.origins)
        in_vain = (*_weights_in_vain(settings.routes), *_semantic_in_vain(settings))
        settings._warnings = (*reading.warnings, *secrets, *in_vain)
        return settings

    def over(self, stored: layers.Values) -> Self:
        """The same, with what the database says beneath all that was said elsewhere, and nothing else of it.

        Args:
            stored: nested like the settings.

        Raises:
            ConfigurationError: as `load`.
        """
        # Made by hand, what was said is what was given.
        said = self._reading or layers.Reading(self.model_dump(exclude_unset=True), {}, ())
        reading = layers.beneath(said, stored)
        settings = layers.build(type(self), reading)
        settings._reading, settings._origins, settings._warnings = said, reading.origins, self._warnings
        return settings

    @property
    def warnings(self) -> tuple[str, ...]:
        """What was accepted, and had better be written otherwise: one sentence each, without secrets."""
        return self._warnings

    @property
    def is_loopback(self) -> bool:
        """Only this machine can reach us."""
        if self.host == "localhost":
            return True
        try:
            return ip_address(self.host).is_loopback
        except ValueError:
            return False

    @classmethod
    def settings_customise_sources(
        cls,
        settings_cls: type[BaseSettings],
        init_settings: PydanticBaseSettingsSource,
        env_settings: PydanticBaseSettingsSource,
        dotenv_settings: PydanticBaseSettingsSource,
        file_secret_settings: PydanticBaseSettingsSource,
    ) -> tuple[PydanticBaseSettingsSource, ...]:
        """Made by hand, settings are what is said and nothing else: only `load` looks around."""
        return (init_settings,)


def _weights_in_vain(routes: Mapping[str, RouteTable]) -> Iterator[str]:
    """A warning for each route whose weights nobody looks at."""
    for name, route in routes.items():
        if route.strategy != "weighted" and set(route.weights) != {1}:
            yield f'routes.{name}.candidates: weights count with `strategy = "weighted"` only, not {route.strategy}'


def _semantic_in_vain(settings: Settings) -> Iterator[str]:
    """A warning for each place that wants answers to what resembles a question, where none are given again at all."""
    cache, routes = settings.cache, settings.routes
    if cache.semantic.mode != "off" and {cache.mode, *[route.cache for route in routes.values()]} <= {"off", None}:
        yield f'cache.semantic.mode: {cache.semantic.mode} counts with cache.mode = "exact" only'
    for name, route in routes.items():
        if route.semantic not in (None, "off") and (route.cache or cache.mode) == "off":
            yield f'routes.{name}.semantic: {route.semantic} counts with cache = "exact" only'


def origins(settings: Settings) -> list[layers.Origin]:
    """Each setting with its value, secrets hidden, and the place that it comes from."""
    return layers.told(settings, settings._origins)


def json_schema() -> dict[str, Any]:
    """The JSON schema of the TOML file, for editors."""
    return Settings.model_json_schema()
