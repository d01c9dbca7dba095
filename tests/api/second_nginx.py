"""Another nginx beside the stack's own, configured as it is."""

import contextlib
import os
import shutil
import signal
import subprocess

import httpx

from client import eventually, http_client
from conftest import ROOT, free_port  # which has made scripts/ known

import nginx_files  # isort: skip


@contextlib.contextmanager
def second_nginx(stack, path, shipped=ROOT / "conf", workers=None):
    """An nginx before the same processes, as on another host, or before other workers; its address.

    path: an empty directory for it. shipped: where its nginx.conf is.
    """
    (path / "logs").mkdir()
    shutil.copytree(stack.state / "tls", path / "tls")
    port, sockets = free_port(), stack.state / "sockets"
    workers = workers or sorted(sockets.glob("worker-*.sock"))
    nginx_files.write(shipped, path, port, workers, sockets / "events.sock", {"RATE_LIMIT": "0"})
    program = shutil.which("nginx") or "/usr/sbin/nginx"
    nginx = subprocess.Popen(
        [program, "-p", path / "nginx", "-c", path / "nginx" / "nginx.conf", "-e", "stderr"],
        process_group=0,
    )
    try:
        url = f"https://127.0.0.1:{port}"
        with http_client(url) as client:

            def is_up():
                with contextlib.suppress(httpx.TransportError):
                    return client.options("/api/health").status_code == 204

            eventually(is_up, within=15)
        yield url
    finally:
        os.killpg(nginx.pid, signal.SIGKILL)
        nginx.wait()
