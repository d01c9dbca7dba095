"""A headless Chromium, driven through chromedriver's HTTP interface (the WebDriver standard)."""

import contextlib
import http.server
import shutil
import subprocess
import tempfile
import threading

import httpx

from client import eventually
from conftest import free_port

ARGUMENTS = [
    "--headless",
    "--no-sandbox",
    "--disable-gpu",
    "--disable-quic",
    "--disable-dev-shm-usage",
    "--no-first-run",
    "--disable-background-networking",
    "--disable-component-update",
    "--disable-sync",
    "--ignore-certificate-errors",
]


class Page:
    """A page open in the browser."""

    def __init__(self, driver, session):
        self.driver, self.session = driver, session

    def run(self, script, *arguments):
        """What the script returns; a function's body, with its arguments as `arguments`."""
        body = {"script": script, "args": list(arguments)}
        answer = self.driver.post(f"/session/{self.session}/execute/sync", json=body)
        assert answer.status_code == 200, answer.text
        return answer.json()["value"]


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
def chromedriver():
    port = free_port()
    process = subprocess.Popen(
        ["chromedriver", f"--port={port}"], stdout=subprocess.DEVNULL, stderr=subprocess.DEVNULL
    )
    driver = httpx.Client(base_url=f"http://127.0.0.1:{port}", timeout=60, trust_env=False)

    def is_up():
        try:
            return driver.get("/status").json()["value"]["ready"]
        except httpx.TransportError:
            return False

    try:
        eventually(is_up, within=20)
        yield driver
    finally:
        driver.close()
        process.terminate()
        process.wait(10)


@contextlib.contextmanager
def page(html, origin):
    """Shows this page, as if it came from this origin (http://host:port)."""
    profile = tempfile.mkdtemp(prefix="microtask-chromium-")
    with served(html) as port, chromedriver() as driver:
        options = {
            "args": [
                *ARGUMENTS,
                f"--user-data-dir={profile}",
                f"--host-resolver-rules=MAP {origin.removeprefix('http://')} 127.0.0.1:{port}",
            ]
        }
        wanted = {"capabilities": {"alwaysMatch": {"goog:chromeOptions": options}}}
        made = driver.post("/session", json=wanted)
        assert made.status_code == 200, made.text
        session = made.json()["value"]["sessionId"]
        try:
            shown = driver.post(f"/session/{session}/url", json={"url": origin + "/"})
            assert shown.status_code == 200, shown.text
            yield Page(driver, session)
        finally:
            driver.delete(f"/session/{session}")
            shutil.rmtree(profile, ignore_errors=True)
