"""Find out within seconds whether the network is there, whatever it does."""

from __future__ import annotations

import socket
import threading
import time
from collections.abc import Iterable
from urllib.parse import urlsplit

from ..errors import DataError
from ..plugins.tracebacks import text_of
from ..safe_io.wording import shorten

DEADLINE = 5.0
"""Seconds after which a host that hasn't answered counts as out of reach."""
MOST_HOSTS = 4


class DataUnavailable(DataError):
    """Report that a data set is neither on disk nor downloadable now; the hint is how to get it."""


def find_unreachable(urls: Iterable[str], deadline: float = DEADLINE) -> dict[str, str]:
    """Request one file from each host among ``urls``, without fetching it.

    Proxies and certificates are those that a download would use (``HTTPS_PROXY``,
    ``NO_PROXY``, ``REQUESTS_CA_BUNDLE``, …). Each host is tried in a thread of its own, left
    behind at the deadline: looking up a name has no time-out that one could set.

    Args:
        urls: Files to be downloaded; one per host is requested, of at most four hosts.
        deadline: Seconds for all of them together.

    Returns:
        Host → why it can't be used; empty if all answered.

    >>> find_unreachable([])
    {}
    """
    first: dict[str, str] = {}
    for url in urls:
        first.setdefault(urlsplit(url).hostname or url, url)
    chosen = dict(list(first.items())[:MOST_HOSTS])
    answers: dict[str, str | None] = {}

    def probe(host: str, url: str) -> None:
        answers[host] = _probe(url, deadline)

    threads = [threading.Thread(target=probe, args=item, daemon=True) for item in chosen.items()]
    for thread in threads:
        thread.start()
    end = time.monotonic() + deadline
    for thread in threads:
        thread.join(max(0.0, end - time.monotonic()))
    late = f"no answer within {deadline:g} seconds"
    reasons = {host: answers.get(host, late) for host in chosen}
    return {host: reason for host, reason in reasons.items() if reason is not None}


def _probe(url: str, timeout: float) -> str | None:
    """Tell why ``url`` can't be fetched, or ``None`` if it can."""
    parts = urlsplit(url)
    try:
        if parts.scheme not in ("http", "https"):
            with socket.create_connection((parts.hostname or "", parts.port or 21), timeout):
                return None
        import requests

        # Some servers refuse HEAD; a GET whose body is never read is the same to them.
        for method in ("HEAD", "GET"):
            with requests.request(
                method, url, timeout=timeout, allow_redirects=True, stream=True
            ) as answer:
                status = answer.status_code
            if status < 400:
                return None
        return f"it answered with status {status}"
    except Exception as error:
        return _innermost(error)


def _innermost(error: BaseException) -> str:
    """Return the cause at the bottom of a chain of wrapped network errors, in a few words."""
    seen = set()
    while id(error) not in seen:
        seen.add(id(error))
        inner = getattr(error, "reason", None) or error.__cause__ or error.__context__
        if not isinstance(inner, BaseException):
            break
        error = inner
    text = text_of(error).rsplit(": ", 1)[-1].strip() or type(error).__name__
    return shorten(text.splitlines()[0], 200)
