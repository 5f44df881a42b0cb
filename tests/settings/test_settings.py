"""Settings: which layer wins, what is refused and how it is said, and that no secret shows."""

from __future__ import annotations

import json
import os
import pickle
from pathlib import Path

import pytest

from tollhouse.errors import ConfigurationError
from tollhouse.settings import SecretRef, Settings, entries, json_schema, origins

PROVIDER = """
[providers.acme]
dialect = "openai_chat"
base_url = "https://acme.example/v1"
"""


@pytest.fixture(autouse=True)
def folder(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """A working folder and an environment in which nothing is set."""
    for name in [name for name in os.environ if name.startswith(("TOLLHOUSE_", "CREDENTIALS_"))]:
        monkeypatch.delenv(name)
    monkeypatch.chdir(tmp_path)
    return tmp_path


def write(folder: Path, text: str, name: str = "tollhouse.toml") -> Path:
    file = folder / name
    file.parent.mkdir(parents=True, exist_ok=True)
    file.write_text(text)
    return file


def problems() -> list[str]:
    with pytest.raises(ConfigurationError) as caught:
        Settings.load()
    return list(caught.value.problems)


def origin_of(settings: Settings, key: str) -> str:
    return next(found.origin for found in origins(settings) if found.key == key)


def test_defaults_are_those_of_the_contract():
    settings = Settings.load()
    assert (settings.host, settings.port, settings.attempts, settings.drain_seconds) == ("127.0.0.1", 8787, 3, 60)
    assert settings.limits.body_bytes == 32 * 1024 * 1024
    assert settings.timeouts.model_dump() == {"connect_s": 3, "first_byte_s": 120, "idle_s": 60, "total_s": 600}
    assert settings.new_user.model_dump() == {
        "requests_per_minute": 20,
        "tokens_per_day": 100_000,
        "concurrent": 100,
    }
    assert settings.is_loopback
    assert not settings.warnings


def test_each_layer_wins_over_the_one_below(folder: Path, monkeypatch: pytest.MonkeyPatch):
    def port() -> tuple[int, str]:
        settings = Settings.load(overrides=flags)
        return settings.port, origin_of(settings, "port")

    flags: dict[str, object] = {"port": None}
    assert port() == (8787, "default")
    write(folder, "port = 1001")
    assert port() == (1001, "file tollhouse.toml")
    write(folder, "1002\n", "secrets/tollhouse_port")
    monkeypatch.setenv("TOLLHOUSE_SECRETS_DIR", "secrets")
    assert port() == (1002, "secrets directory secrets")
    monkeypatch.setenv("TOLLHOUSE_PORT", "1003")
    assert port() == (1003, "environment TOLLHOUSE_PORT")
    flags["port"] = 1004
    assert port() == (1004, "command line")


def test_layers_are_laid_over_each_other_setting_by_setting(folder: Path, monkeypatch: pytest.MonkeyPatch):
    write(folder, "[timeouts]\nconnect_s = 4\nidle_s = 5" + PROVIDER)
    monkeypatch.setenv("TOLLHOUSE_TIMEOUTS__IDLE_S", "6")
    monkeypatch.setenv("TOLLHOUSE_PROVIDERS__ACME__SHARE", "true")
    settings = Settings.load()
    assert (settings.timeouts.connect_s, settings.timeouts.idle_s, settings.timeouts.total_s) == (4, 6, 600)
    assert (settings.providers["acme"].dialect, settings.providers["acme"].share) == ("openai_chat", True)


def test_the_file_is_found_in_the_working_folder_before_the_data_folder(folder: Path):
    write(folder, "port = 1", "house/tollhouse.toml")
    assert Settings.load(data="house").port == 1
    write(folder, "port = 2")
    assert Settings.load(data="house").port == 2
    write(folder, "port = 3", "other.toml")
    assert Settings.load(data="house", config="other.toml").port == 3


def test_a_named_file_must_exist():
    with pytest.raises(ConfigurationError, match=r"elsewhere\.toml cannot be read"):
        Settings.load(config="elsewhere.toml")


def test_a_file_that_is_not_toml_is_refused_with_the_line(folder: Path):
    write(folder, "port = 1\nhost = \n")
    with pytest.raises(ConfigurationError, match=r"is not TOML: .*line 2"):
        Settings.load()


def test_every_problem_is_named_at_once_with_its_place(folder: Path, monkeypatch: pytest.MonkeyPatch):
    write(folder, "attempts = 0\n[timeouts]\nidle_s = -1\n[routes.smart]\n")
    monkeypatch.setenv("TOLLHOUSE_PORT", "tcp://10.0.0.1:8787")
    found = "\n".join(problems())
    assert "attempts: " in found
    assert "timeouts.idle_s: Input should be greater than 0 (file tollhouse.toml)" in found
    assert "routes.smart.candidates: Field required" in found
    assert "(environment TOLLHOUSE_PORT)" in found
    assert "tcp://" not in found


@pytest.mark.parametrize(
    ("text", "said"),
    [
        ("prot = 1", "prot is not a setting; did you mean port?"),
        ("[timeouts]\nconnet_s = 1", "timeouts.connet_s is not a setting; did you mean timeouts.connect_s?"),
        ("[timeout]\nconnect_s = 1", "timeout is not a setting"),
        (PROVIDER + "bas_url = 'x'", "did you mean providers.acme.base_url?"),
        (PROVIDER + "[providers.acme.models.'a-1.5']\ncontex = 1", 'providers.acme.models."a-1.5".contex is not'),
        (PROVIDER + "models = 'opne'", "providers.acme.models: Input should be 'open' or 'closed'"),
        (PROVIDER + "[providers.acme.models.a]\ninput_usd_per_million = 2.5", "input_usd_per_million: Input should be"),
        (PROVIDER + "[providers.acme.models.a]\noutput_usd_per_million = 'NaN'", "must be zero or more"),
        ("[providers.a]\nbase_url = 'http://a/v1'", "needs allow_private_address"),
        ("[providers.a]\nbase_url = 'https://me:pass@a/v1'", "must not hold a user name or a password"),
        ("[providers.a]\nbase_url = 'ftp://a'", "must start with https://"),
        ("[providers.'a/b']\n", 'providers."a/b"'),
        ("[routes.smart]\ncandidates = ['gpt']", "a candidate is named provider/model, not 'gpt'"),
        ("[routes.smart]\ncandidates = [{ model = 'gpt' }]", "a candidate is named provider/model, not 'gpt'"),
        (
            "[routes.smart]\ncandidates = [{ model = 'a/b', weight = 0 }]",
            "routes.smart.candidates: Input should be greater",
        ),
        ("[routes.smart]\ncandidates = [{ weight = 2 }]", "routes.smart.candidates: Field required"),
        ("[routes.smart]\ncandidates = [7]", "routes.smart.candidates: Input should be"),
        ("[routes.smart]\ncandidates = ['a/b']\nstrategy = 'best'", "Input should be 'fallback'"),
        ("config = 'x'", "config is not set in the file itself"),
        ("development = true", "development is not set in the file itself"),
        ("host = 'not a host'", "host: must be an address or the name of a host"),
        ("database_url = 'mysql://me:pass@db/x'", "database_url: must be postgresql://… or sqlite:///path"),
        ("master_key = 'plain'", "master_key: must be a reference to what `tollhouse up` makes"),
        ("egress_proxy = 'ftp://proxy:1'", "egress_proxy: must be http://host:port"),
        ("egress_proxy = 'http://proxy'", "egress_proxy: must be http://host:port"),
        ("[alerts]\nemail_to = ['ops@example.com']", "alerts: email_to needs smtp.host and smtp.sender"),
        ("[alerts]\nemail_to = 'ops'", "must be a mail address"),
        ("[alerts.smtp]\nsender = 'a b@c.d'", "must be a mail address"),
        ("[alerts.smtp]\nuser = 'me'\npassword = 'env:X'\nsecurity = 'none'", "a password is not sent in the clear"),
        ("[alerts.smtp]\nuser = 'me'", "user and password belong together"),
    ],
)
def test_a_mistake_in_the_file_is_refused_in_words_that_help(folder: Path, text: str, said: str):
    write(folder, text)
    (problem,) = problems()
    assert said in problem


def test_a_mistyped_environment_variable_is_pointed_out_and_a_foreign_one_is_not(monkeypatch: pytest.MonkeyPatch):
    monkeypatch.setenv("TOLLHOUSE_PROT", "1")
    monkeypatch.setenv("TOLLHOUSE_SERVICE_HOST", "10.0.0.1")
    (warning,) = Settings.load().warnings
    assert warning == "The environment variable TOLLHOUSE_PROT is not a setting; did you mean TOLLHOUSE_PORT?"


def test_lists_may_be_written_with_commas(folder: Path, monkeypatch: pytest.MonkeyPatch):
    monkeypatch.setenv("TOLLHOUSE_TRUSTED_PROXIES", "10.0.0.0/8, ::1")
    monkeypatch.setenv("TOLLHOUSE_ROUTES__SMART__CANDIDATES", "a/b, c/d/e")
    monkeypatch.setenv("TOLLHOUSE_ALERTS__PRIVATE_HOSTS", "127.0.0.1, hooks.internal")
    settings = Settings.load()
    assert settings.alerts.private_hosts == ("127.0.0.1", "hooks.internal")
    monkeypatch.setenv("TOLLHOUSE_ALERTS__PRIVATE_HOSTS", '["127.0.0.1", "hooks.internal"]')
    assert Settings.load().alerts.private_hosts == settings.alerts.private_hosts
    assert [str(network) for network in settings.trusted_proxies] == ["10.0.0.0/8", "::1/128"]
    assert settings.routes["smart"].candidates == ("a/b", "c/d/e")


def test_a_limit_is_lifted_by_none(monkeypatch: pytest.MonkeyPatch):
    monkeypatch.setenv("TOLLHOUSE_NEW_USER__TOKENS_PER_DAY", "none")
    assert Settings.load().new_user.tokens_per_day is None


def test_an_empty_variable_is_not_set(monkeypatch: pytest.MonkeyPatch):
    monkeypatch.setenv("TOLLHOUSE_DATABASE_URL", "")
    assert Settings.load().database_url is None


def test_settings_are_frozen():
    settings = Settings.load()
    with pytest.raises(ValueError, match="frozen"):
        settings.port = 1  # type: ignore[misc]
    with pytest.raises(ValueError, match="frozen"):
        settings.limits.body_bytes = 1  # type: ignore[misc]


def test_settings_made_by_hand_do_not_look_around(folder: Path, monkeypatch: pytest.MonkeyPatch):
    write(folder, "port = 1")
    monkeypatch.setenv("TOLLHOUSE_HOST", "0.0.0.0")
    assert (Settings().port, Settings().host) == (8787, "127.0.0.1")


@pytest.mark.parametrize(
    ("host", "is_loopback"), [("::1", True), ("localhost", True), ("0.0.0.0", False), ("a.b", False)]
)
def test_a_bind_that_others_reach_is_known(host: str, is_loopback: bool):
    assert Settings.load(overrides={"host": host}).is_loopback is is_loopback


def test_dotenv_is_read_in_development_only(folder: Path, monkeypatch: pytest.MonkeyPatch):
    monkeypatch.setenv("ACME_KEY", "kept")
    monkeypatch.delenv("TOLLHOUSE_ATTEMPTS", raising=False)
    write(folder, "TOLLHOUSE_ATTEMPTS=7\nACME_KEY=lost\n", ".env")
    assert Settings.load().attempts == 3
    monkeypatch.setenv("TOLLHOUSE_DEVELOPMENT", "1")
    try:
        assert Settings.load().attempts == 7
        assert os.environ["ACME_KEY"] == "kept"
    finally:
        os.environ.pop("TOLLHOUSE_ATTEMPTS", None)


def test_systemd_credentials_are_a_secrets_directory(folder: Path, monkeypatch: pytest.MonkeyPatch):
    write(folder, "postgresql://me:pass@db/tollhouse\n", "credentials/tollhouse_database_url")
    write(folder, "not ours", "credentials/other")
    monkeypatch.setenv("CREDENTIALS_DIRECTORY", str(folder / "credentials"))
    settings = Settings.load()
    assert settings.database_url is not None
    assert settings.database_url.resolve() == "postgresql://me:pass@db/tollhouse"
    assert not settings.warnings


def test_the_file_may_name_the_secrets_directory_which_wins_over_it(folder: Path):
    write(folder, "port = 1\nattempts = 2\nsecrets_dir = 'secrets'")
    write(folder, "1002\n", "secrets/tollhouse_port")
    settings = Settings.load()
    assert (settings.port, settings.attempts) == (1002, 2)


@pytest.mark.parametrize("proxy", ["http://proxy:3128", "socks5://me:pass@[::1]:1080", "socks5h://proxy:1080", "env:P"])
def test_a_proxy_for_calls_out_is_an_address_or_a_reference(folder: Path, proxy: str):
    write(folder, f"egress_proxy = '{proxy}'")
    assert Settings.load().egress_proxy == SecretRef(proxy)


def test_a_secret_is_read_when_it_is_used(folder: Path, monkeypatch: pytest.MonkeyPatch):
    file = write(folder, "first\n", "key")
    by_file, by_variable = SecretRef(f"file:{file}"), SecretRef("env:ACME_KEY")
    monkeypatch.setenv("ACME_KEY", "one")
    assert (by_file.resolve(), by_variable.resolve()) == ("first", "one")
    file.write_text("second\n")
    monkeypatch.setenv("ACME_KEY", "two")
    assert (by_file.resolve(), by_variable.resolve()) == ("second", "two")


def test_a_secret_that_is_not_there_says_where_it_was_looked_for(folder: Path):
    with pytest.raises(ConfigurationError, match="variable NO_SUCH_KEY is not set"):
        SecretRef("env:NO_SUCH_KEY").resolve()
    with pytest.raises(ConfigurationError, match="No such file"):
        SecretRef(f"file:{folder}/nothing").resolve()
    write(folder, "\n", "empty")
    with pytest.raises(ConfigurationError, match="is empty"):
        SecretRef(f"file:{folder}/empty").resolve()


@pytest.mark.parametrize("spec", ["", " ", "env:", "file:", "file:relative/key"])
def test_a_reference_to_nowhere_is_refused(spec: str):
    with pytest.raises(ValueError, match="must be"):
        SecretRef(spec)


def test_a_plain_secret_in_the_file_is_accepted_with_a_warning_and_shown_nowhere(folder: Path):
    write(folder, PROVIDER + "api_key = 'sk-canary-1'")
    settings = Settings.load()
    key = settings.providers["acme"].api_key
    assert key is not None
    assert key.resolve() == "sk-canary-1"
    (warning,) = settings.warnings
    assert warning.startswith("providers.acme.api_key is a secret in plain text (file tollhouse.toml)")
    shown = [repr(settings), str(settings), settings.model_dump_json(), repr(origins(settings)), warning, str(key)]
    assert not [text for text in shown if "canary" in text]
    with pytest.raises(TypeError, match="not pickled"):
        pickle.dumps(key)


def test_a_list_of_secrets_is_hidden_too_and_a_plain_one_among_them_warned_of(tmp_path: Path) -> None:
    write(tmp_path, '[guards.output]\ncanaries = ["env:CANARY", "plain-canary"]\n')
    settings = Settings.load(config=tmp_path / "tollhouse.toml")
    (warning,) = settings.warnings
    assert warning.startswith("guards.output.canaries is a secret in plain text")
    shown = [repr(settings), str(settings), settings.model_dump_json(), repr(origins(settings)), warning]
    assert not [text for text in shown if "plain-canary" in text]


def test_a_database_without_a_password_is_no_secret(folder: Path):
    write(folder, "database_url = 'postgresql:///tollhouse'")
    assert not Settings.load().warnings


def test_a_redis_with_a_password_is_hidden_and_warned_of(folder: Path):
    write(folder, "redis_url = 'redis://:plain-canary@localhost'")
    settings = Settings.load()
    (warning,) = settings.warnings
    assert warning.startswith("redis_url is a secret in plain text")
    shown = [repr(settings), str(settings), settings.model_dump_json(), repr(origins(settings)), warning]
    assert not [text for text in shown if "plain-canary" in text]
    write(folder, "redis_url = 'unix:///run/redis.sock?db=1'")
    assert not Settings.load().warnings


def test_the_schema_is_json_and_knows_every_section():
    schema = json.loads(json.dumps(json_schema()))
    assert set(Settings.model_fields) == set(schema["properties"])


def test_every_setting_says_what_it_means():
    assert [entry.path for entry in entries(Settings) if not entry.meaning.endswith(".")] == []


WEIGHTED = '[routes.smart]\ncandidates = ["a/b", { model = "c/d/e", weight = 3 }]\nstrategy = "weighted"\n'


def test_a_candidate_may_have_a_weight(folder: Path):
    write(folder, WEIGHTED)
    settings = Settings.load()
    smart = settings.routes["smart"]
    assert (smart.names, smart.weights, settings.warnings) == (("a/b", "c/d/e"), (1, 3), ())
    shown = {origin.key: origin.value for origin in origins(settings)}
    assert shown["routes.smart.candidates"] == ["a/b", {"model": "c/d/e", "weight": 3}]


def test_weights_may_be_written_as_json(monkeypatch: pytest.MonkeyPatch):
    monkeypatch.setenv("TOLLHOUSE_ROUTES__SMART__CANDIDATES", '[{"model": "a/b", "weight": 2}, "c/d"]')
    smart = Settings.load().routes["smart"]
    assert (smart.names, smart.weights) == (("a/b", "c/d"), (2, 1))


def test_weights_that_nobody_looks_at_are_warned_of(folder: Path):
    write(folder, WEIGHTED.replace("weighted", "cheapest"))
    (warning,) = Settings.load().warnings
    assert warning.startswith("routes.smart.candidates: weights count with")


@pytest.mark.parametrize(
    ("text", "where"),
    [
        ('[cache.semantic]\nmode = "shadow"\n', "cache.semantic.mode"),
        ('[routes.faq]\ncandidates = ["demo/echo"]\nsemantic = "serve"\n', "routes.faq.semantic"),
        ('[cache]\nmode = "exact"\n[cache.semantic]\nmode = "shadow"\n', None),
        ('[routes.faq]\ncandidates = ["demo/echo"]\ncache = "exact"\nsemantic = "serve"\n', None),
    ],
    ids=["everywhere", "a route", "on", "on for a route"],
)
def test_a_cache_of_what_resembles_without_one_to_the_letter_is_warned_of(folder: Path, text: str, where: str | None):
    write(folder, text)
    warned = [warning.partition(":")[0] for warning in Settings.load().warnings]
    assert warned == ([] if where is None else [where])
