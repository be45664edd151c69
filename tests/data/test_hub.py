"""A dataset comes from a hub that this test plays, and no further than the disk has room."""

import hashlib
import json
import os
import shutil
from collections.abc import Iterator
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from pathlib import Path
from threading import Thread

import pytest
from huggingface_hub import constants

from emostudio.data import hub
from tests.data.test_parquet import row, table_of
from tests.studies.sounding import burst

SHA = "a" * 40
FILES = {
    "metadata.csv": b"file_name,label\nhappy/a.wav,happy\n",
    "happy/a.wav": burst(1),
    "happy/b.wav": burst(2),
    "README.md": b"# Not asked for",
}


class Hub(BaseHTTPRequestHandler):
    """As much of the Hub as a download needs."""

    def do_GET(self) -> None:
        self._answer()

    def do_HEAD(self) -> None:
        self._answer()

    def _answer(self) -> None:
        _, _, name = self.path.partition(f"/resolve/{SHA}/")
        if "/some/clips" not in self.path:
            self.send_error(404)
        elif "/tree/" in self.path:
            tree = [
                {"type": "file", "path": n, "size": len(content), "oid": _etag(content)}
                for n, content in FILES.items()
            ]
            self._send(json.dumps(tree).encode(), "application/json")
        elif not name:
            told = {"id": "some/clips", "sha": SHA, "siblings": [{"rfilename": n} for n in FILES]}
            self._send(json.dumps(told).encode(), "application/json")
        else:
            self._send(FILES[name], "application/octet-stream")

    def _send(self, content: bytes, kind: str) -> None:
        self.send_response(200)
        self.send_header("Content-Type", kind)
        self.send_header("Content-Length", str(len(content)))
        self.send_header("ETag", f'"{_etag(content)}"')
        self.send_header("X-Repo-Commit", SHA)
        self.end_headers()
        if self.command == "GET":
            self.wfile.write(content)

    def log_message(self, *_: object) -> None:
        """Say nothing."""


def _etag(content: bytes) -> str:
    return hashlib.sha1(content).hexdigest()


@pytest.fixture
def cache(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Iterator[Path]:
    """An empty cache, and a hub that can be reached."""
    server = ThreadingHTTPServer(("127.0.0.1", 0), Hub)
    thread = Thread(target=server.serve_forever, daemon=True)
    thread.start()
    monkeypatch.setattr(constants, "HF_HUB_OFFLINE", False)
    here = f"http://127.0.0.1:{server.server_port}"
    template = constants.HUGGINGFACE_CO_URL_TEMPLATE.replace(constants.ENDPOINT, here)
    monkeypatch.setattr(constants, "HUGGINGFACE_CO_URL_TEMPLATE", template)
    monkeypatch.setattr(constants, "ENDPOINT", here)
    monkeypatch.setattr(constants, "HF_HUB_CACHE", str(tmp_path / "cache"))
    monkeypatch.setattr(constants, "HF_ASSETS_CACHE", str(tmp_path / "assets"))
    yield tmp_path / "cache"
    server.shutdown()
    server.server_close()
    thread.join()


def names(folder: Path) -> set[str]:
    return {path.relative_to(folder).as_posix() for path in folder.rglob("*") if path.is_file()}


def test_sounds_and_tables_of_a_dataset_come_here(cache: Path) -> None:
    folder = hub.download("some/clips")
    assert names(folder) == set(FILES) - {"README.md"}
    assert (folder / "happy/a.wav").read_bytes() == FILES["happy/a.wav"]


def test_a_dataset_that_does_not_fit_is_not_begun(
    cache: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    free = shutil.disk_usage(cache.parent).free
    monkeypatch.setattr(hub, "MIN_FREE_BYTES", free)
    with pytest.raises(ValueError, match=r"'some/clips' has 0 MB and .* set HF_HOME"):
        hub.download("some/clips")
    assert not any(name.endswith(".wav") for name in names(cache))


@pytest.fixture
def tables(monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> str:
    """A dataset whose sounds lie in a table, and the table's name."""
    name = "data/train-00000-of-00001.parquet"
    file = table_of(tmp_path / "made.parquet", [row(1, "a.wav", label=1), row(2, label=0)])
    for sound in ("happy/a.wav", "happy/b.wav", "metadata.csv"):
        monkeypatch.delitem(FILES, sound)
    monkeypatch.setitem(FILES, name, file.read_bytes())
    return name


def test_sounds_in_tables_are_unpacked_once(
    cache: Path, tables: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    folder = hub.download("some/clips")
    assert names(folder) == {"00000.wav", "00001.wav", "metadata.csv"}
    assert (folder / "00000.wav").read_bytes() == burst(1)
    assert "happy" in (folder / "metadata.csv").read_text()
    monkeypatch.setattr(hub, "unpack", None)
    assert hub.download("some/clips") == folder


def test_a_dataset_without_sounds_is_refused_in_words(
    cache: Path, tables: str, monkeypatch: pytest.MonkeyPatch, tmp_path: Path
) -> None:
    wordy = table_of(tmp_path / "wordy.parquet", [{"text": "No sound at all"}])
    for content in (wordy.read_bytes(), b"no table"):
        monkeypatch.setitem(FILES, tables, content)
        with pytest.raises(ValueError, match=r"'some/clips' can't be used\. "):
            hub.download("some/clips")
    monkeypatch.delitem(FILES, tables)
    with pytest.raises(ValueError, match="neither sound files nor a column of sounds"):
        hub.download("some/clips")
    assert not list(cache.parent.rglob(".begun-*"))


def test_tables_that_take_too_much_are_refused_before_and_after_they_are_unpacked(
    cache: Path, tables: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    size = len(FILES[tables])
    monkeypatch.setattr(hub, "MAX_BYTES", size - 1)
    with pytest.raises(ValueError, match="GB of tables and no sound files"):
        hub.download("some/clips")
    assert not list(cache.rglob("*.parquet"))
    monkeypatch.setattr(hub, "MAX_BYTES", size)
    many = [{"audio": {"bytes": burst(1), "path": "a.wav"}, "label": 0}] * 50
    packed = table_of(cache.parent / "packed.parquet", many)
    assert packed.stat().st_size < size < 50 * len(burst(1))
    monkeypatch.setitem(FILES, tables, packed.read_bytes())
    with pytest.raises(ValueError, match=r"can't be used\. Its sounds take more than"):
        hub.download("some/clips")
    assert not list(cache.parent.rglob(".begun-*"))


def test_what_was_begun_long_ago_is_swept(cache: Path, tables: str) -> None:
    left, young = (cache.parent / "assets/emostudio/some--clips" / f".begun-{n}" for n in "ab")
    for folder in (left, young):
        folder.mkdir(parents=True)
    os.utime(left, (0, 0))
    hub.download("some/clips")
    assert (left.exists(), young.exists()) == (False, True)


def test_a_dataset_that_is_not_there_is_refused_in_words(cache: Path) -> None:
    for name in ("some/others", "no such name/at/all"):
        with pytest.raises(ValueError, match="can't be downloaded now: check its name"):
            hub.download(name)
