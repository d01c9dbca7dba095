"""nginx's configuration for a state: the shipped nginx.conf, unchanged, with includes of its own beside it."""
import os
import pathlib
import re
import shutil

CONF = pathlib.Path(__file__).resolve().parents[1] / "conf"
DEFAULT_ORIGINS = "http://localhost:5173,http://localhost:3000,https://microtash.vercel.app"
ORIGIN = re.compile(r"[a-z][a-z0-9+.-]*://([A-Za-z0-9_.-]+|\[[0-9A-Fa-f:.]+\])(:[0-9]{1,5})?")


def write(shipped, state, port, sockets, events, env):
    """Writes state/nginx. Raises ValueError with a sentence when a setting cannot be put into words."""
    target = state / "nginx"
    includes = target / "microtask"
    includes.mkdir(parents=True, exist_ok=True)
    (target / "tmp").mkdir(exist_ok=True)
    shutil.copyfile(shipped / "nginx.conf", target / "nginx.conf")
    files = {
        "process.conf": process(state),
        "listen.conf": listen(state, port),
        "upstream.conf": upstream(sockets),
        "events.conf": upstream([events]),
        "cache.conf": cache(state),
        "pages.conf": f'root "{state}/www";\n',
        "origins.conf": origins(env.get("CORS_ORIGINS") or DEFAULT_ORIGINS),
        "limits.conf": limits(int(env["RATE_LIMIT"])),
    }
    for name, text in files.items():
        (includes / name).write_text("# Made by scripts/run; changes are lost at the next start.\n" + text)


def process(state):
    # The sockets belong to whoever runs the stack, and nginx's processes must reach them.
    user = "user root;\n" if os.geteuid() == 0 else ""
    return f"""{user}daemon off;
worker_processes 2;
pid "{state}/nginx/nginx.pid";
error_log "{state}/logs/nginx.log" alert;
"""


def listen(state, port):
    scratch = "".join(
        f'{kind}_temp_path "{state}/nginx/tmp/{kind}";\n'
        for kind in ("client_body", "proxy", "fastcgi", "uwsgi", "scgi")
    )
    return f"""listen 127.0.0.1:{port} ssl http2 sndbuf=128k backlog=1024;
server_name localhost;
ssl_certificate     "{state}/tls/cert.pem";
ssl_certificate_key "{state}/tls/key.pem";
access_log "{state}/logs/nginx.log" broken if=$broken;
{scratch}"""


def cache(state):
    """As shipped, but for where."""
    shipped = (CONF / "microtask" / "cache.conf").read_text()
    return shipped.replace(" /run/nginx-microtask ", f' "{state}/nginx/cache" ')


def upstream(sockets):
    """Each twice: conf/microtask/upstream.conf and events.conf explain."""
    return "".join(f'server "unix:{path}" max_fails=0;\n' for path in [*sockets, *sockets])


def origins(listed):
    """A pattern for each origin: nginx compares plain strings without regard to case."""
    rows = ""
    for origin in filter(None, (item.strip() for item in listed.split(","))):
        if not ORIGIN.fullmatch(origin):
            raise ValueError(f"CORS_ORIGINS has {origin!r}, which is not of the form scheme://host[:port].")
        rows += f'    "~^{re.escape(origin)}$" $http_origin;\n'
    return 'map $http_origin $allowed_origin {\n    ""      "";\n    default "";\n' + rows + "}\n"


def limits(calls):
    """RATE_LIMIT calls in 15 minutes, as limit_req can say it; conf/microtask/limits.conf explains."""
    per_minute = max(1, round(calls / 15))
    retry_after = -(-60 // per_minute)
    limit = f"""limit_req_zone $counted_address zone=calls:10m rate={per_minute}r/m;
limit_req zone=calls burst={calls - 1} nodelay;
limit_req_status 429;
"""
    if calls == 0:
        limit = ""
    elif calls == 1:
        limit = limit.replace(" burst=0 nodelay", "")
    return f'{limit}map "" $calls_interval {{\n    default {retry_after};\n}}\n'
