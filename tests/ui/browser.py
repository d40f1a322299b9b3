"""Headless Chromium over its own protocol: open a page, wait for a text, click, take a picture."""

from __future__ import annotations

import base64
import contextlib
import json
import shutil
import time
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import httpx
from websockets.sync.client import ClientConnection, connect

from bench.servers import process

CHROMIUM = shutil.which("chromium") or shutil.which("chromium-browser") or ""
_FLAGS = [
    "--headless",
    "--no-sandbox",
    "--disable-gpu",
    "--disable-quic",
    "--no-first-run",
    "--disable-background-networking",
    "--disable-component-update",
    "--disable-sync",
    "--hide-scrollbars",
    "--remote-debugging-port=0",
]


_CLICK = """(() => {
    const reads = e => (e.innerText || "").trim() === LABEL;
    const found = [...document.querySelectorAll("body *")].filter(
        e => reads(e) && e.offsetParent && ![...e.children].some(reads));
    if (found.length) found[found.length - 1].click();
    return found.length })()"""


class Page:
    """One tab."""

    def __init__(self, connection: ClientConnection, pictures: Path) -> None:
        self._connection = connection
        self._pictures = pictures
        self._number = 0

    def ask(self, method: str, **parameters: Any) -> dict[str, Any]:
        """One command of the protocol and its answer; raises RuntimeError if it is refused."""
        self._number += 1
        request = {"id": self._number, "method": method, "params": parameters}
        self._connection.send(json.dumps(request))
        while True:
            answer = json.loads(self._connection.recv(timeout=60))
            if answer.get("id") == self._number:
                if "error" in answer:
                    raise RuntimeError(f"{method}: {answer['error']}")
                return dict(answer["result"])

    def open(self, address: str) -> None:
        """Go to an address."""
        self.ask("Page.navigate", url=address)

    def evaluate(self, script: str) -> Any:
        """The value of a JavaScript expression."""
        answer = self.ask("Runtime.evaluate", expression=script, returnByValue=True)
        if "exceptionDetails" in answer:
            raise RuntimeError(json.dumps(answer["exceptionDetails"])[:500])
        return answer["result"].get("value")

    @property
    def text(self) -> str:
        """What a reader sees."""
        return str(self.evaluate("document.body ? document.body.innerText : ''"))

    def wait_for(self, *texts: str, seconds: float = 60) -> None:
        """Wait until the page shows all `texts`; fails with what it shows instead."""
        until = time.monotonic() + seconds
        while not all(text.lower() in self.text.lower() for text in texts):
            if time.monotonic() > until:
                self.picture("failed")
                raise AssertionError(f"{texts} not on the page:\n{self.text[:3000]}")
            time.sleep(0.3)

    def click(self, label: str) -> None:
        """Click the innermost element that reads exactly `label`, as a reader would."""
        script = _CLICK.replace("LABEL", json.dumps(label))
        until = time.monotonic() + 60
        while not self.evaluate(script):
            if time.monotonic() > until:
                self.picture("failed")
                raise AssertionError(f"nothing reads {label!r}:\n{self.text[:3000]}")
            time.sleep(0.3)

    def in_the_dark(self, *, dark: bool) -> None:
        """As a reader has it who asked for dark pages, or did not."""
        wish = {"name": "prefers-color-scheme", "value": "dark" if dark else "light"}
        self.ask("Emulation.setEmulatedMedia", features=[wish])

    def picture(self, name: str, *, height: int = 900, width: int = 1280) -> Path:
        """A PNG of the window, `height` pixels high."""
        self.ask(
            "Emulation.setDeviceMetricsOverride",
            width=width,
            height=height,
            deviceScaleFactor=1,
            mobile=False,
        )
        time.sleep(0.7)
        data = self.ask("Page.captureScreenshot", format="png")["data"]
        file = self._pictures / f"{name}.png"
        file.write_bytes(base64.b64decode(data))
        return file


@contextlib.contextmanager
def browser(profile: Path, pictures: Path) -> Iterator[Page]:
    """A tab of a browser of its own; pictures go to `pictures`."""
    pictures.mkdir(parents=True, exist_ok=True)
    profile.mkdir(parents=True, exist_ok=True)
    command = [CHROMIUM, *_FLAGS, f"--user-data-dir={profile}", "--window-size=1280,900"]
    with process([*command, "about:blank"], profile / "chromium.log"):
        port = _debugging_port(profile)
        tabs = httpx.get(f"http://127.0.0.1:{port}/json", trust_env=False).json()
        address = next(tab["webSocketDebuggerUrl"] for tab in tabs if tab["type"] == "page")
        with connect(address, max_size=None, proxy=None) as connection:
            page = Page(connection, pictures)
            page.ask("Page.enable")
            yield page


def _debugging_port(profile: Path) -> int:
    """Chromium writes the port it chose into its profile."""
    file = profile / "DevToolsActivePort"
    until = time.monotonic() + 60
    while not file.exists() or not file.read_text().strip():
        if time.monotonic() > until:
            raise RuntimeError((profile / "chromium.log").read_text(errors="replace")[-2000:])
        time.sleep(0.2)
    return int(file.read_text().split()[0])
