"""A tour of the calls, role by role: real requests to a running service with demo data, and what it answered.

scripts/tour writes it to docs/api.md and to the page /tour.html; a test compares them with what the service says
today. A new call is a new line in tour(). Only Python's standard library.
"""
import html
import http.client
import json
import pathlib
import re
import ssl
import sys
import urllib.parse

ROOT = pathlib.Path(__file__).resolve().parents[1]
MARKDOWN, PAGE = ROOT / "docs" / "api.md", ROOT / "conf" / "www" / "tour.html"

HEADERS_SHOWN = ("Location", "ETag", "Retry-After", "Idempotent-Replayed", "Allow")


def tour(t):
    t.say("`scripts/tour` sends these requests to a fresh service with demo data and writes down what it answers. "
          "Ids, dates, tags and tokens are stand-ins, the same each time; `$BEA` is Bea's token, `…` what was shown "
          "before. All calls are below `/api` and speak JSON. The OpenAPI document, `/api/openapi.json`, lists every "
          "one of them, and `/docs/` lets you try it.")

    t.chapter("Everyone")
    t.call("Is it there, and can it work?", "GET", "/health/ready")
    t.call("What is open can be seen without an account. `category` and `q`, for whole words, narrow it down; `next`, "
           "sent as `after`, goes on behind the page.", "GET", "/tasks?category=Research&limit=1")
    t.call("Bea registers as a buyer and finds 50 coins in her account.", "POST", "/auth/register", status=201,
           token_of="BEA", body=account("Bea Lind", "bea@example.org", "correct horse 1", "buyer"))
    t.call("Will registers as a worker; he gets 10.", "POST", "/auth/register", status=201, token_of="WILL",
           body=account("Will Stone", "will@example.org", "correct horse 2", "worker"))
    t.call("Later they log in. A wrong password and an unknown address get the same answer.", "POST", "/auth/login",
           status=401, body={"email": "will@example.org", "password": "wrong horse 2"})
    t.call("Every refusal looks like that: a sentence for a person, a `code` to decide by, and the id under which the "
           "log has it. A bad body is told all its faults at once.", "POST", "/auth/register", status=400,
           body=account("", "nobody", "short", "king"))
    t.call("Those who sign in with Google send its token; a service that is not set up for it says so.", "POST",
           "/auth/google-login", status=501, body={"tokenId": "eyJhbGciOiJSUzI1NiIsImtpZCI6IjEifQ.e30.c2lnbmF0dXJl"})
    t.call("One's own account:", "GET", "/auth/me", token="WILL")

    t.chapter("Buyers: posting")
    post = {"token": "BEA", "headers": {"Idempotency-Key": "birds-1"}, "body": BIRDS, "status": 201}
    task = t.call("Bea asks two people to name birds, for 15 coins each. The 30 coins leave her account at once and "
                  "wait with the task. She sends an `Idempotency-Key`, so that a repeat does not post it twice.",
                  "POST", "/tasks", **post)["task"]["_id"]
    t.call("The line was bad and she sends it again: the same answer, and nothing is done a second time.",
           "POST", "/tasks", **post, brief=("task",))
    t.call("What she cannot pay is refused, with the numbers.", "POST", "/tasks", status=400, token="BEA",
           body={**BIRDS, "required_workers": 100})
    t.call("She buys one slot more; a `delta` below 0 would give back.", "POST", f"/tasks/{task}/slots", token="BEA",
           body={"delta": 1}, brief=("task",))
    t.call("What she reads has an `ETag`.", "GET", f"/tasks/{task}", token="BEA", brief=("task_detail",))
    change = {"headers": {"If-Match": t.etag}, "token": "BEA", "body": {"task_title": "Name five birds, please"}}
    t.call("Texts can be changed, and the deadline moved on; with `If-Match` only if nobody else has changed it "
           "meanwhile.", "PUT", f"/tasks/{task}", **change, brief=("task_detail",))
    t.call("The tag is an old one now.", "PUT", f"/tasks/{task}", **change, status=412)
    t.call("Only she can do that.", "PUT", f"/tasks/{task}", status=403, token="WILL", body={"task_title": "Mine"})

    t.chapter("Buyers: paying")
    t.call("What coins cost, in dollars:", "GET", "/payments/packages")
    t.call("The provider `dummy` of a development service gives them for nothing. With `stripe` the buyer creates a "
           "payment, pays, and confirms it, or buys at once with `POST /api/payments/purchase-coins`.",
           "POST", "/payments/dummy-payment", status=201, token="BEA", headers={"Idempotency-Key": "coins-1"},
           body={"coins": 10})
    t.call("", "GET", "/payments/history", token="BEA", brief=("payments",))

    t.chapter("Workers")
    t.call("Will looks for something about birds. His token leaves out what he has handed in already.",
           "GET", "/tasks?q=birds&sortBy=-payable_amount&limit=1", token="WILL")
    handed_in = t.call("He hands in his work; it takes one open slot.", "POST", "/submissions", status=201,
                       token="WILL", body={"task_id": task, "submission_details": "Robin, wren, crow, gull, swift"})
    first = handed_in["submission"]["_id"]
    t.call("Once per task, for good:", "POST", "/submissions", status=400, token="WILL",
           body={"task_id": task, "submission_details": "Owl"})

    t.chapter("Buyers: reviewing")
    t.call("Bea sees what waits for her, the oldest first.", "GET", "/submissions/buyer/review", token="BEA")
    t.call("She approves it, and Will is paid out of the task.", "PUT", f"/submissions/{first}/approve", token="BEA",
           brief=("submission",))
    t.call("A decision is made once.", "PUT", f"/submissions/{first}/reject", status=400, token="BEA",
           body={"reason": "On second thoughts"})
    t.call("Her own tasks, with what came of them:", "GET", "/tasks/buyer/my-tasks?limit=1", token="BEA")
    t.call("She needs no more lists: cancelling gives back the coins of the open slots.", "DELETE", f"/tasks/{task}",
           token="BEA")

    t.chapter("Workers: earnings")
    t.call("What Will earned, over all and not only this page:", "GET", "/submissions/worker/approved", token="WILL",
           brief=("approvedSubmissions",))
    earn(t, "WILL", 200)
    money = {"payment_system": "paypal", "account_number": "will@example.org"}
    t.call("20 coins are a dollar, and 200 the least that can be withdrawn.", "POST", "/withdrawals", status=400,
           token="WILL", body={"withdrawal_coin": 100, **money})
    t.call("A larger task later he has enough. The coins are held until an admin has decided.", "POST", "/withdrawals",
           status=201, token="WILL", headers={"Idempotency-Key": "money-1"}, body={"withdrawal_coin": 200, **money})
    t.call("What has happened to him meanwhile, the newest first:", "GET", "/notifications?limit=2", token="WILL")
    t.call("New ones come by themselves to who listens at `GET /api/notifications/stream`, as server-sent events. A "
           "browser's EventSource cannot send a token: it adds `?ticket=`, which is good once and for a minute.",
           "POST", "/notifications/stream-ticket", token="WILL")
    t.say("So a page of the front end calls `listen(\"/api\", token, tell)`, and its function `tell` gets each "
          "notification once, and null when so much was missed that the list must be read again. It goes on after a "
          "restart of either side: with a new ticket, and from what came last.")
    t.script(LISTEN)
    t.call("He has seen it all.", "PUT", "/notifications/read-all", token="WILL")
    t.call("Logging out ends every token of the account.", "POST", "/auth/logout", token="WILL")
    t.call("So this one is no good any more:", "GET", "/auth/me", status=401, token="WILL")

    t.chapter("Admins")
    t.call("Nobody registers as admin: `microtaskctl create-admin` makes the first one.", "POST", "/auth/login",
           token_of="ADMIN", body={"email": "admin@demo.example", "password": "demo-pass-1"})
    waiting = t.call("Who waits for money, and where did their coins come from?", "GET",
                     "/withdrawals/admin/pending?limit=1", token="ADMIN")
    pending = waiting["withdrawals"][0]["_id"]
    t.call("The money was sent: the held coins leave the market.", "PUT", f"/withdrawals/{pending}/approve", token="ADMIN",
           brief=("withdrawal",))
    t.call("The market in numbers:", "GET", "/admin/stats", token="ADMIN")
    t.call("Everybody, the newest first; `role` and `q` narrow it down.", "GET", "/admin/users?q=will&limit=1",
           token="ADMIN")
    t.call("Everybody's tasks, cancelled ones when asked for:", "GET", "/admin/tasks?status=cancelled&limit=1",
           token="ADMIN")
    t.call("Where did the coins of Bea's task go? The journal has a row for every movement, the newest first.",
           "GET", f"/admin/ledger?task={task}", token="ADMIN")
    t.call("A correction by hand, with a reason that stands in the journal and that the user reads:", "POST",
           f"/admin/users/{t.id_of('WILL')}/adjust", token="ADMIN", body={"coins": 5, "reason": "Lost in a move"})
    t.call("Do the books balance? Every account is compared with the journal, in one snapshot.", "GET", "/admin/audit",
           token="ADMIN")
    role = f"/admin/users/{t.id_of('WILL')}/role"
    t.call("Will becomes a buyer, as nothing of his is open. It counts at once, whatever his tokens say.", "PUT", role,
           token="ADMIN", body={"role": "buyer"})
    t.call("That takes an admin.", "PUT", role, status=403, token="BEA", body={"role": "admin"})

    t.call("A user who is removed is out at once; what they leave behind is cleared away behind the scenes, and the "
           "books still balance.", "DELETE", f"/admin/users/{t.id_of('WILL')}", token="ADMIN")

    t.chapter("Pages without a log-in")
    t.call("The calls below `/public` say `success`, in refusals too.", "GET", "/public/top-workers")
    t.call("", "GET", "/public/tasks/0123456789abcdef01234567", status=404)


LISTEN = """
let last = "";          // the id of what came last
const seen = new Set(); // what came may come once more

async function listen(api, token, tell) {
  const again = () => setTimeout(listen, 1000 + 2000 * Math.random(), api, token, tell);
  const headers = { Authorization: `Bearer ${token}` };
  const asked = fetch(`${api}/notifications/stream-ticket`, { method: "POST", headers });
  const { ticket, lastEventId, code } = await asked.then((answer) => answer.json()).catch(() => ({}));
  if (code === "unauthorized" || code === "token_expired") return; // logged out
  if (!ticket) return again();
  const query = new URLSearchParams({ ticket, lastEventId: last });
  const stream = new EventSource(`${api}/notifications/stream?${query}`);
  last ||= lastEventId; // where to go on if nothing comes before the stream ends
  stream.onmessage = (event) => {
    last = event.lastEventId;
    if (!seen.has(last)) tell(JSON.parse(event.data));
    seen.add(last);
  };
  stream.addEventListener("reset", (event) => { last = event.lastEventId; tell(null); });
  stream.onerror = () => { stream.close(); again(); };
}
""".strip()


def earn(t, name, coins):
    """A task of the demo buyer's that pays so much, done and approved; not shown."""
    buyer = t.behind("POST", "/auth/login", body={"email": "buyer@demo.example", "password": "demo-pass-1"})["token"]
    large = {**BIRDS, "task_title": "Count the birds of a winter", "required_workers": 1, "payable_amount": coins}
    task = t.behind("POST", "/tasks", buyer, large)["task"]["_id"]
    work = t.behind("POST", "/submissions", t.users[name][0], {"task_id": task, "submission_details": "Done"})
    t.behind("PUT", f"/submissions/{work['submission']['_id']}/approve", buyer)


def account(name, email, password, role):
    return {"name": name, "email": email, "password": password, "role": role}


BIRDS = {
    "task_title": "Name five birds",
    "task_detail": "Look out of your window and name five birds that you see.",
    "required_workers": 2,
    "payable_amount": 15,
    "completion_date": "2035-01-31",
    "submission_info": "Five names, one a line.",
    "category": "nature",
}


# --- playing it ---


class StandIns:
    """Stable words for what is another each time."""

    def __init__(self):
        self.names = {}  # of tokens
        self.ids = {}
        self.tags = {}

    def _tag(self, found):
        return self.tags.setdefault(found[0], f'W/"1a2b3c4d5e6f70{len(self.tags) + 1:02x}"')

    def _id(self, found):
        return self.ids.setdefault(found[0], f"65a1b2c3d4e5f607182930{len(self.ids) + 1:02x}")

    def replace(self, text):
        for token, name in self.names.items():
            text = text.replace(token, f"${name}")
        text = re.sub(r'"requestId": "[^"]+"', '"requestId": "5f2b6c1e9a7d4038b1c2d3e4f5061728"', text)
        text = re.sub(r'"request_id": "[^"]+"', '"request_id": "5f2b6c1e9a7d4038b1c2d3e4f5061728"', text)
        text = re.sub(r'"ticket": "[^"]+"', '"ticket": "AQIDBAUGBwgJCgsMDQ4PEBESExQVFhcY"', text)
        text = re.sub(r'"lastEventId": "since-\d+"', '"lastEventId": "since-1769850000000"', text)
        text = re.sub(r'"next": "[^"]+"', '"next": "AQIDBAUGBwgJCgsMDQ4PEA"', text)
        text = re.sub(r'W/"[0-9a-f]{16}"', self._tag, text)
        # Far ahead are only the dates that the tour itself sends.
        text = re.sub(r"\b20[12]\d-\d\d-\d\dT[\d:.]+Z", "2026-01-31T09:00:00.000Z", text)
        return re.sub(r"(?<![0-9a-f])(?!0123456789abcdef01234567)[0-9a-f]{24}(?![0-9a-f])", self._id, text)


class Tour:
    """The text as a list of (kind, text); kind is chapter, say, script, request or answer."""

    def __init__(self, base_url):
        url = urllib.parse.urlsplit(base_url)
        context = ssl.create_default_context()
        context.check_hostname = False
        context.verify_mode = ssl.CERT_NONE
        self.connection = http.client.HTTPSConnection(url.hostname, url.port, timeout=30, context=context)
        self.text = []
        self.users = {}  # name: the token and the id
        self.etag = None  # of the last answer
        self.stand_ins = StandIns()

    def chapter(self, title):
        self.text.append(("chapter", title))

    def say(self, text):
        if text:
            self.text.append(("say", text))

    def script(self, text):
        self.text.append(("script", text))

    def id_of(self, name):
        return self.users[name][1]

    def call(self, words, method, path, body=None, headers=None, token=None, status=200, token_of=None, brief=()):
        """Says some words, makes a call, and shows both sides of it; returns the answer's JSON.

        token: whose it is; token_of: whose account the answer is about; brief: members that were shown before.
        """
        self.say(words)
        headers = dict(headers or {})
        if token:
            headers["Authorization"] = f"Bearer {self.users[token][0]}"
        answer, said = self.send(method, path, headers, body)
        if answer.status != status:
            raise SystemExit(f"{method} {path} answered {answer.status}, not {status}: {said}")
        self.etag = answer.getheader("ETag")
        if token_of:
            self.users[token_of] = said["token"], said["user"]["_id"]
            self.stand_ins.names[said["token"]] = token_of
        self.show(method, path, headers, body, answer, said, brief)
        return said

    def behind(self, method, path, token="", body=None):
        """A call behind the scenes: it must succeed and is not shown."""
        answer, said = self.send(method, path, {"Authorization": f"Bearer {token}"}, body)
        if answer.status >= 300:
            raise SystemExit(f"{method} {path} answered {answer.status}: {said}")
        return said

    def send(self, method, path, headers, body):
        if body is not None:
            headers["Content-Type"] = "application/json"
        self.connection.request(method, "/api" + path, None if body is None else json.dumps(body), headers)
        answer = self.connection.getresponse()
        return answer, json.loads(answer.read())

    def show(self, method, path, headers, body, answer, said, brief):
        lines = [f"{method} /api{path}", *(f"{name}: {value}" for name, value in headers.items())]
        if body is not None:
            lines += ["", pretty(body)]
        self.text.append(("request", self.stand_ins.replace("\n".join(lines))))
        shown = {name: "…" if name in brief else value for name, value in said.items()} if brief else said
        lines = [f"{answer.status} {http.client.responses[answer.status]}"]
        lines += [f"{name}: {answer.getheader(name)}" for name in HEADERS_SHOWN if answer.getheader(name)]
        lines += ["", pretty(shown)]
        self.text.append(("answer", self.stand_ins.replace("\n".join(lines))))


def pretty(value):
    return json.dumps(value, indent=2, ensure_ascii=False)


# --- writing it down ---


def as_markdown(text):
    forms = {"chapter": "## {}", "say": "{}", "script": "```js\n{}\n```", "request": "```http\n{}\n```",
             "answer": "```http\n{}\n```"}
    body = "\n\n".join(forms[kind].format(words) for kind, words in text)
    return f"# A tour of the calls\n\n<!-- Made by scripts/tour; changes here are lost. -->\n\n{body}\n"


def as_page(text):
    def prose(words):
        return re.sub(r"`([^`]+)`", r"<code>\1</code>", html.escape(words, quote=False))

    forms = {"chapter": "<h2>{}</h2>", "say": "<p>{}</p>", "script": '<pre class="script"><code>{}</code></pre>',
             "request": '<pre class="request"><code>{}</code></pre>',
             "answer": '<pre class="answer"><code>{}</code></pre>'}
    body = "\n".join(forms[kind].format(prose(words) if kind in ("chapter", "say") else html.escape(words, quote=False))
                     for kind, words in text)
    return f"""<!doctype html>
<html lang="en">
<!-- Made by scripts/tour; changes here are lost. -->
<head>
<meta charset="utf-8">
<title>microtask: a tour of the calls</title>
<meta name="viewport" content="width=device-width, initial-scale=1">
<meta name="color-scheme" content="light dark">
<link rel="stylesheet" href="/page.css">
</head>
<body>
<header>
<p><a href="/">microtask</a></p>
<h1>A tour of the calls</h1>
</header>
<main>
{body}
</main>
</body>
</html>
"""


def make(base_url):
    """What the files should hold: {path: text}."""
    played = Tour(base_url)
    tour(played)
    return {MARKDOWN: as_markdown(played.text), PAGE: as_page(played.text)}


if __name__ == "__main__":
    for path, text in make(sys.argv[1]).items():
        path.write_text(text)
        print(path.relative_to(ROOT))
