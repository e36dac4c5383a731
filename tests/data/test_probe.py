from __future__ import annotations

import socket
import threading
import time
from collections.abc import Iterator
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer

import pytest

from advnets.data.probe import find_unreachable


class Handler(BaseHTTPRequestHandler):
    """/file is there; /get-only refuses HEAD; the rest is missing."""

    def do_HEAD(self) -> None:
        self._answer({"/file": 200, "/get-only": 403})

    def do_GET(self) -> None:
        self._answer({"/file": 200, "/get-only": 200})

    def _answer(self, statuses: dict[str, int]) -> None:
        self.send_response(statuses.get(self.path, 404))
        self.send_header("Content-Length", "0")
        self.end_headers()

    def log_message(self, *words: object) -> None:
        """Keep quiet."""


@pytest.fixture
def server(monkeypatch: pytest.MonkeyPatch) -> Iterator[str]:
    monkeypatch.setenv("NO_PROXY", "127.0.0.1")
    monkeypatch.setenv("no_proxy", "127.0.0.1")
    httpd = ThreadingHTTPServer(("127.0.0.1", 0), Handler)
    threading.Thread(target=httpd.serve_forever, daemon=True).start()
    yield f"http://127.0.0.1:{httpd.server_port}"
    httpd.shutdown()
    httpd.server_close()


@pytest.mark.parametrize("path", ["/file", "/get-only"])
def test_a_host_that_answers(server: str, path: str) -> None:
    assert find_unreachable([server + path]) == {}


def test_a_file_that_is_missing(server: str) -> None:
    assert find_unreachable([server + "/gone"]) == {"127.0.0.1": "it answered with status 404"}


def test_a_proxy_that_is_missing(no_network: None) -> None:
    assert list(find_unreachable(["http://host.invalid/file"])) == ["host.invalid"]


def test_a_name_that_does_not_exist(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("NO_PROXY", "*")
    reasons = find_unreachable(["https://host.invalid/a", "https://host.invalid/b"])
    assert list(reasons) == ["host.invalid"]


def test_a_host_that_never_answers(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("NO_PROXY", "*")
    with socket.create_server(("127.0.0.1", 0)) as silent:
        url = f"http://127.0.0.1:{silent.getsockname()[1]}/file"
        start = time.monotonic()
        reasons = find_unreachable([url], deadline=0.5)
        assert time.monotonic() - start < 5
    assert "127.0.0.1" in reasons
