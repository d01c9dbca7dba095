"""A headless Chromium, driven through chromedriver by the words of the WebDriver standard.

    with Browser() as browser:
        browser.open("https://…/docs/")
        browser.find("button.authorize").click()
        assert browser.wait("return document.title") == "…"

Elements are found by CSS selectors; find() waits until there is one that can be seen. script() runs
JavaScript and returns its value. wait() does so until the value is true. The certificate is not
checked: ours is self-signed. The tests have one browser for all of them, the fixture `browser`;
each test begins in a new window.
"""

import base64
import contextlib
import http.server
import os
import pathlib
import re
import shutil
import signal
import subprocess
import tempfile
import threading
import time

import httpx

FLAGS = [
    "--headless",
    "--no-sandbox",
    "--disable-gpu",
    "--disable-quic",
    "--disable-dev-shm-usage",
    "--no-first-run",
    "--disable-background-networking",
    "--disable-component-update",
    "--disable-sync",
    "--hide-scrollbars",
    "--ignore-certificate-errors",
]
ELEMENT = "element-6066-11e4-a52e-4f735466cecf"  # the standard's word for a reference to an element
PATIENCE = 120  # seconds, for what a page does by itself on a busy machine

# Screenshots are kept here when scripts/test says where.
RESULTS = pathlib.Path(os.environ.get("RESULTS") or tempfile.gettempdir()) / "screenshots"


class Element:
    def __init__(self, browser, reference):
        self.browser, self.reference = browser, reference

    def _do(self, method, what, **values):
        return self.browser.command(method, f"/element/{self.reference}/{what}", **values)

    def click(self):
        self.browser.script("arguments[0].scrollIntoView({block: 'center'})", self)
        return self._do("POST", "click")

    def type(self, text):
        return self._do("POST", "value", text=text)

    def paste(self, text):
        """In one go, instead of what is there."""
        self.browser.script("arguments[0].focus(); arguments[0].select()", self)
        return self.browser.cdp("Input.insertText", text=text)

    @property
    def text(self):
        return self._do("GET", "text")


class Browser:
    def __init__(self, *flags):
        """flags: of Chromium, beyond those that every test needs."""
        self.flags = [*FLAGS, *flags]
        self.profile = tempfile.mkdtemp(prefix="microtask-browser-")
        self.log_file = pathlib.Path(self.profile) / "chromedriver.log"
        with open(self.log_file, "wb") as log:
            self.process = subprocess.Popen(
                ["chromedriver", "--port=0"],
                stdin=subprocess.DEVNULL,
                stdout=log,
                stderr=log,
                start_new_session=True,
            )
        try:
            self._start()
        except BaseException:
            self.close()
            raise

    def _start(self):
        port = self._wait(
            lambda: re.search(r"successfully on port (\d+)", self.log_file.read_text()), PATIENCE
        )
        self.http = httpx.Client(
            base_url=f"http://127.0.0.1:{port[1]}", timeout=600, trust_env=False
        )
        options = {
            "binary": shutil.which("chromium"),
            "args": [*self.flags, f"--user-data-dir={self.profile}/profile"],
        }
        wanted = {
            "browserName": "chrome",
            "acceptInsecureCerts": True,
            "goog:chromeOptions": options,
            "goog:loggingPrefs": {"browser": "ALL"},
        }
        self.session = ""
        made = self.command("POST", "/session", capabilities={"alwaysMatch": wanted})
        self.session = "/session/" + made["sessionId"]

    def __enter__(self):
        return self

    def __exit__(self, *_):
        self.close()

    def close(self):
        # Chromium belongs to chromedriver's process group.
        with contextlib.suppress(ProcessLookupError):
            os.killpg(self.process.pid, signal.SIGKILL)
        self.process.wait()
        shutil.rmtree(self.profile, ignore_errors=True)

    # --- words of the standard ---

    def command(self, method, path, **values):
        body = {"json": values} if method == "POST" else {}
        answer = self.http.request(method, self.session + path, **body)
        value = answer.json()["value"]
        if answer.status_code != 200:
            raise AssertionError(f"{path}: {value['error']}: {value['message'].splitlines()[0]}")
        return value

    def open(self, url):
        self.command("POST", "/url", url=url)

    def script(self, text, *arguments):
        """Runs JavaScript: `arguments[0]` is the first argument, `return` gives the value."""
        arguments = [
            {ELEMENT: each.reference} if isinstance(each, Element) else each for each in arguments
        ]
        return self.command("POST", "/execute/sync", script=text, args=arguments)

    def wait(self, text, *arguments, within=PATIENCE):
        """Runs JavaScript again and again until its value is true, and returns that."""
        return self._wait(lambda: self.script(text, *arguments), within)

    def find(self, selector, within=PATIENCE):
        """The first element that fits and can be seen, as soon as there is one."""
        seen = (
            "return [...document.querySelectorAll(arguments[0])]"
            ".find((one) => one.checkVisibility())"
        )
        try:
            return Element(self, self.wait(seen, selector, within=within)[ELEMENT])
        except AssertionError:
            raise AssertionError(f"{selector} did not appear within {within} s") from None

    def _wait(self, check, within):
        end = time.monotonic() + within
        while not (said := check()):
            assert time.monotonic() < end, f"not within {within} s"
            time.sleep(0.05)
        return said

    # --- windows and what is seen in them ---

    def cdp(self, name, **values):
        """A command of Chromium's own protocol."""
        return self.command("POST", "/goog/cdp/execute", cmd=name, params=values)

    def size(self, width, height, phone=False):
        self.cdp(
            "Emulation.setDeviceMetricsOverride",
            width=width,
            height=height,
            deviceScaleFactor=2 if phone else 1,
            mobile=phone,
        )

    def prefers(self, **features):
        """prefers(color_scheme="dark", reduced_motion="reduce")"""
        self.cdp(
            "Emulation.setEmulatedMedia",
            features=[
                {"name": f"prefers-{name.replace('_', '-')}", "value": value}
                for name, value in features.items()
            ],
        )

    def fresh_window(self):
        """What an earlier test left is gone: its page, its storage, its log, its preferences."""
        handle = self.command("POST", "/window/new", type="tab")["handle"]
        self.command("DELETE", "/window")
        self.command("POST", "/window", handle=handle)
        self.size(1280, 800)
        self.prefers()
        self.log()

    def log(self):
        """What the page's console said since the last time, as (level, message)."""
        entries = self.command("POST", "/se/log", type="browser")
        return [(entry["level"], entry["message"]) for entry in entries]

    def screenshot(self, name, whole=False):
        """Keeps what is seen, or the whole page, as a picture."""
        shot = self.cdp("Page.captureScreenshot", format="png", captureBeyondViewport=whole)
        RESULTS.mkdir(parents=True, exist_ok=True)
        path = RESULTS / f"{name}.png"
        path.write_bytes(base64.b64decode(shot["data"]))
        return path


# --- a page of another origin ---


@contextlib.contextmanager
def served(html):
    """A web server with one page; its port."""

    class Handler(http.server.BaseHTTPRequestHandler):
        def do_GET(self):
            self.send_response(200)
            self.send_header("Content-Type", "text/html; charset=utf-8")
            self.end_headers()
            self.wfile.write(html.encode())

        def log_message(self, *_):
            pass

    server = http.server.ThreadingHTTPServer(("127.0.0.1", 0), Handler)
    threading.Thread(target=server.serve_forever, daemon=True).start()
    try:
        yield server.server_port
    finally:
        server.shutdown()
        server.server_close()


@contextlib.contextmanager
def page(html, origin):
    """A browser that shows this page, as if it came from this origin (http://host:port)."""
    with served(html) as port:
        host = origin.removeprefix("http://")
        with Browser(f"--host-resolver-rules=MAP {host} 127.0.0.1:{port}") as browser:
            browser.open(origin + "/")
            yield browser
