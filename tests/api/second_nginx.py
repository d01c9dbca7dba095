"""Another nginx: beside the stack's own and configured as it is, or in front of it and knowing nothing of it."""

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
def second_nginx(stack, path, shipped=ROOT / "conf", workers=None, rate_limit=0):
    """An nginx before the same processes, as on another host, or before other workers; its address.

    path: an empty directory for it. shipped: where its nginx.conf is.
    """
    (path / "logs").mkdir()
    shutil.copytree(stack.state / "tls", path / "tls")
    port, sockets = free_port(), stack.state / "sockets"
    workers = workers or sorted(sockets.glob("worker-*.sock"))
    env = {"RATE_LIMIT": str(rate_limit)}
    nginx_files.write(shipped, path, port, workers, sockets / "events.sock", env)
    with running(path, port) as url:
        yield url


# What a provider's proxy does unless it is told otherwise: it gathers answers before it passes them on.
FRONT = """daemon off;
worker_processes 1;
pid "{path}/nginx.pid";
error_log "{path}/nginx.log" alert;
events {{ worker_connections 256; }}
http {{
    access_log off;
    {scratch}
    server {{
        listen 127.0.0.1:{port} ssl;
        ssl_certificate "{tls}/cert.pem";
        ssl_certificate_key "{tls}/key.pem";
        gzip on;
        gzip_proxied any;
        gzip_types application/json;
        location / {{
            proxy_pass {behind};
            proxy_set_header Host $host;
        }}
    }}
}}
"""


@contextlib.contextmanager
def nginx_in_front(stack, path):
    """An nginx that passes everything on to the stack's; its address."""
    port = free_port()
    (path / "nginx").mkdir()
    scratch = " ".join(
        f'{kind}_temp_path "{path}/nginx/{kind}";'
        for kind in ("client_body", "proxy", "fastcgi", "uwsgi", "scgi")
    )
    (path / "nginx" / "nginx.conf").write_text(
        FRONT.format(
            path=path, port=port, scratch=scratch, tls=stack.state / "tls", behind=stack.base_url
        )
    )
    with running(path, port) as url:
        yield url


@contextlib.contextmanager
def running(path, port):
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

            eventually(is_up, within=60)
        yield url
    finally:
        os.killpg(nginx.pid, signal.SIGKILL)
        nginx.wait()
