"""One answer: what it means for the operation, and whether it may be at all."""

import json

from described import check_answer
from history import OK, REFUSED, UNKNOWN

LIMIT = 20  # s: nginx waits 5 s to connect and 15 s for the answer
GRACE = 1.5  # s: what a busy machine adds on the way
PATIENCE = 30  # s after which a caller hangs up
SHAPE = ("error", "message", "code", "requestId")
# nginx's own words when nobody behind it answers; counted apart, and no violation as such.
OF_NGINX = (502, 504)


class Answer:
    """What came back; status None: nothing did."""

    __slots__ = ("status", "headers", "raw", "seconds", "body", "lost", "attempt")

    def __init__(self, seconds, status=None, headers=None, raw=b"", lost=""):
        self.seconds, self.status, self.headers, self.raw = seconds, status, headers or {}, raw
        self.lost = lost
        try:
            self.body = json.loads(raw) if raw else None
        except ValueError:
            self.body = None

    @property
    def ok(self):
        return self.status is not None and 200 <= self.status < 300

    @property
    def replayed(self):
        return self.headers.get("Idempotent-Replayed") == "true"

    @property
    def code(self):
        return self.body.get("code") if isinstance(self.body, dict) else None

    @property
    def retry_after(self):
        """Seconds to wait, or None where nothing sane is said."""
        said = self.headers.get("Retry-After", "")
        return int(said) if said.isascii() and said.isdigit() else None

    @property
    def outcome(self):
        """Of the operation, as far as this answer tells."""
        if self.ok and self.body is not None:
            return OK
        if self.status is None or self.status >= 500 or self.code == "in_progress":
            return UNKNOWN
        return REFUSED

    def wrong(self, call, request_id, closely):
        """Why a caller must not get this answer, or None. closely: as the document has it, too."""
        if self.seconds > LIMIT + GRACE:
            return f"answered after {self.seconds:.1f} s"
        if self.status is None:
            return None
        return self.malformed(request_id) or (closely and self.undescribed(call)) or None

    def malformed(self, request_id):
        media_type = self.headers.get("Content-Type", "").split(";")[0]
        if media_type != "application/json" or self.body is None:
            return f"{self.status} is no JSON but {media_type}: {self.raw[:200]!r}"
        if self.headers.get("X-Request-Id") != request_id:
            return f"X-Request-Id is {self.headers.get('X-Request-Id')}, not {request_id}"
        if self.ok:
            return None
        if not isinstance(self.body, dict) or not all(
            isinstance(self.body.get(name), str) and self.body[name] for name in SHAPE
        ):
            return f"{self.status} has not the shape of an error: {self.raw[:300]!r}"
        if self.status >= 500 and self.status not in (501, 503, *OF_NGINX):
            return f"{self.status} {self.raw[:300]!r}"
        if (self.status == 503 or self.code == "in_progress") and not self.retry_after:
            return f"{self.status} without Retry-After"
        return None

    def undescribed(self, call):
        try:
            path = "/api" + call.path.split("?")[0]
            check_answer(call.method, path, self.status, "application/json", lambda: self.body)
        except AssertionError as unlike:
            return str(unlike)[:600]
        return None
