"""Settings: read from the environment and files, each by its kind; every message names its own."""

from __future__ import annotations

import errno
from pathlib import Path

import pytest

from flows.settings import load_settings, load_what_works
from flows.settings.table import setting
from flows.setup.dialogue import write_env_file
from tasks.errors import ConfigurationError


@pytest.fixture
def env_file(tmp_path):
    """Write a `.env` file, say where it is."""

    def write(text: str):
        path = tmp_path / ".env"
        path.write_text(text, "utf-8")
        return path

    return write


def test_the_environment_wins_over_the_file_and_the_file_over_defaults(env_file, monkeypatch):
    file = env_file("KEEP_RUNS=7\nSC_MAX_CONCURRENCY=3\n")
    monkeypatch.setenv("KEEP_RUNS", "9")
    settings = load_settings(env_file=file)
    assert (settings.keep_runs, settings.max_concurrency, settings.bit_depth) == (9, 3, 16)


def test_a_given_environment_is_the_only_one(monkeypatch):
    monkeypatch.setenv("KEEP_RUNS", "9")
    assert load_settings({"SC_MAX_CONCURRENCY": "3"}, env_file=None).keep_runs == 50


def test_secrets_are_in_no_text_of_the_settings(env_file):
    """Neither printed nor in what is said of a mistake elsewhere."""
    file = env_file("NOTION_TOKEN=' secret_abc${HOME} '\nKEEP_RUNS=none\n")
    with pytest.raises(ConfigurationError) as error:
        load_settings(env_file=file)
    assert "abc" not in f"{error.value} {error.value.remedy} {error.value.__cause__!r}"
    settings, wrong = load_what_works(env_file=file)
    assert list(wrong) == ["KEEP_RUNS"]
    assert "abc" not in repr(settings)
    assert settings.notion_token.get_secret_value() == "secret_abc${HOME}"


def test_shell_commands_stay_as_written_and_folders_are_expanded(env_file, monkeypatch):
    monkeypatch.setenv("HOME", "/home/dj")
    file = env_file("HOOK_AFTER_RUN=echo ${LIBRARY_SYNC_MODE}\nOUT_DIR=${HOME}/out\n")
    settings = load_settings(env_file=file)
    assert settings.hook_after_run == "echo ${LIBRARY_SYNC_MODE}"
    assert str(settings.out_dir) == "/home/dj/out"


def test_empty_text_is_the_default_but_where_it_means_none():
    names = ("KEEP_RUNS", "AUDIO_BIT_DEPTH", "PLAYLIST_COPIES", "EAGLE_API_BASE", "SC_TLS_VERIFY")
    settings = load_settings(dict.fromkeys(names, " "), env_file=None)
    assert (settings.keep_runs, settings.bit_depth, settings.playlist_copies) == (50, 16, "first")
    assert not settings.eagle_enabled
    assert not settings.sc_tls_verify


@pytest.mark.parametrize(
    ("name", "text", "said", "remedy"),
    [
        ("TRACKS_DB_ID", "nonsense", "is no Notion database id", "copy its link"),
        ("PROCESS_LOCK_TIMEOUT_MINUTES", "4", "at least 5, not '4'", "to 30, its default"),
        ("AUDIO_BIT_DEPTH", "20", "must be 16 or 24, not '20'", "to 16 or 24"),
        ("AUDIO_SAMPLE_RATE", "44", "at least 8000 Hz, not '44'", "to source"),
        ("PLAYLIST_COPIES", "some", "must be first or all, not 'some'", "to first or all"),
        ("SC_TLS_VERIFY", "maybe", "must be 1 or 0, not 'maybe'", "SC_TLS_VERIFY=1 or 0"),
    ],
)
def test_a_text_that_cannot_work_is_named_with_what_to_do(name, text, said, remedy):
    with pytest.raises(ConfigurationError) as error:
        load_settings({name: text}, env_file=None)
    assert str(error.value).startswith(f"{name} ")
    assert said in str(error.value)
    assert remedy in error.value.remedy
    settings, wrong = load_what_works({name: text, "KEEP_RUNS": "7"}, env_file=None)
    assert (list(wrong), settings.keep_runs) == ([name], 7)


def test_a_setting_says_what_it_is_for():
    with pytest.raises(TypeError, match="NEW does not say what it is for"):
        setting("NEW", "1", "")


def test_a_line_that_is_no_text_costs_itself_and_is_said_once(tmp_path, caplog):
    """Bytes that are no UTF-8, a NUL; a mark of the byte order at the start is none of them."""
    file = tmp_path / ".env"
    file.write_bytes(
        b"\xef\xbb\xbfNOTION_TOKEN=t\nOUT_DIR=/x\xff\xfe\nKEEP_RUNS=7\nEAGLE_TOKEN=a\0b\n"
    )
    load_settings(env_file=file)
    settings = load_settings(env_file=file)
    assert settings.notion_token.get_secret_value() == "t"
    assert settings.keep_runs == 7
    assert settings.eagle_token.get_secret_value() == ""
    said = [record.getMessage() for record in caplog.records]
    assert [line.partition(", ")[2] for line in said] == [
        f"line {number} is no text and is not read: write it anew." for number in (2, 4)
    ]


def test_a_file_that_cannot_be_read_is_named(env_file, monkeypatch):
    """As another user's is."""

    def refuse(_: Path) -> bytes:
        raise PermissionError(errno.EACCES, "Permission denied")

    monkeypatch.setattr(Path, "read_bytes", refuse)
    file = env_file("")
    with pytest.raises(ConfigurationError, match=r"\.env cannot be read \(Permission denied\)"):
        load_settings(env_file=file)


def test_setup_keeps_a_line_that_is_no_text(tmp_path):
    """It is the user's, whatever it is."""
    file = tmp_path / ".env"
    file.write_bytes(b"A=\xff\n")
    write_env_file(file, {"KEEP_RUNS": "7"})
    assert file.read_bytes() == b"A=\xff\nKEEP_RUNS=7\n"
