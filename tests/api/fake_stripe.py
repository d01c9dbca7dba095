"""As much of Stripe's API as the service uses, for tests: it keeps payment intents, remembers
idempotency keys as Stripe does, and can be told to misbehave.

It is strict about what it is sent: what Stripe would not take ends up in `complaints`, which a
test finds empty.
"""

import contextlib
import collections
import copy
import hashlib
import hmac
import http.server
import itertools
import json
import re
import socket
import threading
import time
import urllib.parse

import stripe

from client import unique

SECRET_KEY = "sk_test_4eC39HqLyjWDarjtT1zdp7dc"
WEBHOOK_SECRET = "whsec_test_a1b2c3d4e5f6"

ORDER_FIELDS = {
    "amount",
    "currency",
    "payment_method_types[]",
    "metadata[paymentId]",
    "metadata[userId]",
    "metadata[coins]",
}
CHARGE_FIELDS = ORDER_FIELDS | {"payment_method", "confirm"}


def signed(payload, secret=WEBHOOK_SECRET, at=None):
    """A Stripe-Signature for a payload (bytes), made by Stripe's own library."""
    at = int(time.time()) if at is None else at
    try:
        text = f"{at}.{payload.decode()}"
        mac = stripe.WebhookSignature._compute_signature(text, secret)
    except UnicodeError:  # which the library never signs
        mac = hmac.new(secret.encode(), b"%d." % at + payload, hashlib.sha256).hexdigest()
    return f"t={at},v1={mac}"


def event(kind, intent):
    """An event as Stripe tells it, as a dictionary."""
    return {
        "id": unique("evt_"),
        "object": "event",
        "api_version": "2022-11-15",
        "created": int(time.time()),
        "data": {"object": intent},
        "livemode": False,
        "pending_webhooks": 1,
        "request": {"id": None, "idempotency_key": None},
        "type": kind,
    }


def charge(intent, refunded=0):
    """The charge of a paid intent, as events about refunds hold it."""
    return {
        "id": intent["id"].replace("pi_", "ch_"),
        "object": "charge",
        "amount": intent["amount"],
        "amount_captured": intent["amount"],
        "amount_refunded": refunded,
        "captured": True,
        "currency": intent["currency"],
        "disputed": False,
        "metadata": dict(intent["metadata"]),
        "paid": True,
        "payment_intent": intent["id"],
        "refunded": refunded == intent["amount"],
        "status": "succeeded",
    }


def dispute(intent, status="needs_response", cents=None, number=1):
    """A dispute as Stripe has it: it names the intent, and nothing of ours."""
    return {
        "id": intent["id"].replace("pi_", f"dp_{number}_"),
        "object": "dispute",
        "amount": intent["amount"] if cents is None else cents,
        "balance_transactions": [],
        "charge": intent["id"].replace("pi_", "ch_"),
        "currency": intent["currency"],
        "evidence": {"customer_name": None},
        "is_charge_refundable": False,
        "metadata": {},
        "payment_intent": intent["id"],
        "reason": "fraudulent",
        "status": status,
    }


class FakeStripe:
    """`with FakeStripe() as fake:` listens at fake.url until the end of the block."""

    def __init__(self):
        self.lock = threading.Lock()
        self.intents = {}
        self.ordered = collections.defaultdict(list)  # a payment's id: its intents
        self.kept = {}  # idempotency key: (the form, the answer)
        self.faults = {}  # a card, or None for orders without one: what goes wrong, in turn
        self.asked = []  # (method, path, idempotency key)
        self.complaints = []
        self.holding = threading.Event()  # an answer is being held
        self.released = threading.Event()
        self.down = False
        self.numbers = itertools.count(1)

    def __enter__(self):
        self.listen(0)
        return self

    def settings(self):
        """What the environment of a stack says, so that its payments go here."""
        return {
            "PAYMENTS_PROVIDER": "stripe",
            "STRIPE_SECRET_KEY": SECRET_KEY,
            "STRIPE_WEBHOOK_SECRET": WEBHOOK_SECRET,
            "STRIPE_API_BASE": self.url,
            "no_proxy": "127.0.0.1",
        }

    def __exit__(self, *_):
        self.released.set()
        self.close()

    def listen(self, port):
        fake = self

        class Handler(http.server.BaseHTTPRequestHandler):
            def do_GET(self):
                fake.serve(self)

            do_POST = do_GET

            def log_message(self, *_):
                pass

        class Server(http.server.ThreadingHTTPServer):
            request_queue_size = 128

            def handle_error(self, *_):
                pass  # a client that was killed

        self.server = Server(("127.0.0.1", port), Handler)
        self.url = f"http://127.0.0.1:{self.server.server_port}"
        threading.Thread(target=self.server.serve_forever, args=(0.05,), daemon=True).start()

    def close(self):
        self.server.shutdown()
        self.server.server_close()

    @contextlib.contextmanager
    def unreachable(self):
        """Nobody listens there in the meantime."""
        self.close()
        try:
            yield
        finally:
            self.listen(self.server.server_port)

    # --- what tests arrange ---

    def card(self, kind="visa", *faults):
        """A payment method that behaves: visa pays, declined does not, bank wants a further step,
        unknown is none. Each fault spoils one answer about it, in turn.
        """
        card = f"pm_{kind}_{unique()}"
        self.faults[card] = list(faults)
        return card

    def spoil_orders(self, *faults):
        """The next orders without a card."""
        self.faults[None] = list(faults)

    def pay(self, intent, **changes):
        """The buyer's page, or the bank, has done its part."""
        with self.lock:
            stored = self.intents[intent["id"]]
            stored.update(status="succeeded", amount_received=stored["amount"], **changes)
            return copy.deepcopy(stored)

    def forget(self):
        """Everything that was ordered: a long run would look through more and more."""
        with self.lock:
            for kept in (self.intents, self.kept, self.faults, self.asked):
                kept.clear()

    def of_payment(self, payment_id):
        with self.lock:
            found = self.ordered.get(payment_id, [])
        assert len(found) <= 1, "a payment was ordered twice"
        return copy.deepcopy(found[0]) if found else None

    def charged(self, user):
        """How often a user's card was charged."""
        with self.lock:
            return sum(
                intent["metadata"]["userId"] == user.id and intent["status"] == "succeeded"
                for intent in self.intents.values()
            )

    # --- the server ---

    def complain(self, what):
        self.complaints.append(what)

    def serve(self, request):
        split = urllib.parse.urlsplit(request.path)
        length = int(request.headers.get("Content-Length") or 0)
        body = request.rfile.read(length).decode()
        key = request.headers.get("Idempotency-Key")
        self.asked.append((request.command, request.path, key))
        if self.down:
            return self.cut(request)
        if request.headers.get("Authorization") != f"Bearer {SECRET_KEY}":
            self.complain(f"Authorization: {request.headers.get('Authorization')}")
        if request.headers.get("Stripe-Version") != "2022-11-15":
            self.complain("no Stripe-Version")
        if request.command == "POST" and split.path == "/v1/payment_intents":
            return self.order(request, body, key)
        if request.command == "GET" and split.path == "/v1/payment_intents/search":
            return self.search(request, urllib.parse.parse_qs(split.query))
        found = re.fullmatch(r"/v1/payment_intents/(pi_\w+)", split.path)
        with self.lock:
            intent = found and copy.deepcopy(self.intents.get(found[1]))
        if request.command != "GET" or not intent:
            return self.send(request, 404, {"error": {"type": "invalid_request_error"}})
        return self.send(request, 200, intent)

    def order(self, request, body, key):
        form = dict(urllib.parse.parse_qsl(body, strict_parsing=True))
        self.check_order(request, form, key)
        card = form.get("payment_method")
        with self.lock:
            faults = self.faults.get(card) or [None]
            fault = faults.pop(0)
            if fault == "lost":  # before it did anything
                answer = None
            elif key in self.kept and self.kept[key][0] != form:
                self.complain(f"another order with the same key: {form}")
                answer = 400, {"error": {"type": "idempotency_error"}}
            else:
                if key not in self.kept:
                    self.kept[key] = form, self.carry_out(form, card)
                answer = copy.deepcopy(self.kept[key][1])
        self.answer_order(request, fault, answer)

    def check_order(self, request, form, key):
        content_type = request.headers.get("Content-Type", "")
        if content_type.split(";")[0] != "application/x-www-form-urlencoded":
            self.complain(f"Content-Type: {content_type}")
        if set(form) != (CHARGE_FIELDS if "payment_method" in form else ORDER_FIELDS):
            self.complain(f"fields: {sorted(form)}")
        if key != form.get("metadata[paymentId]") or not re.fullmatch("[0-9a-f]{24}", key or ""):
            self.complain(f"Idempotency-Key: {key}")
        if not re.fullmatch("[1-9][0-9]*", form.get("amount", "")):
            self.complain(f"amount: {form.get('amount')}")
        if form.get("currency") != "usd" or form.get("payment_method_types[]") != "card":
            self.complain(f"currency or method types: {form}")

    def carry_out(self, form, card):
        """What Stripe does about a new order, and answers."""
        intent = {
            "id": f"pi_{next(self.numbers)}{unique()}",
            "object": "payment_intent",
            "amount": int(form["amount"]),
            "amount_received": 0,
            "currency": form["currency"],
            "charges": {"object": "list", "data": []},
            "client_secret": unique("secret_"),
            "last_payment_error": None,
            "metadata": {
                name: form[f"metadata[{name}]"] for name in ("paymentId", "userId", "coins")
            },
            "status": "requires_payment_method",
        }
        if card and card.startswith("pm_unknown"):
            return 400, {
                "error": {
                    "type": "invalid_request_error",
                    "code": "resource_missing",
                    "param": "payment_method",
                    "message": f"No such PaymentMethod: '{card}'",
                }
            }
        self.intents[intent["id"]] = intent
        self.ordered[form["metadata[paymentId]"]].append(intent)
        if card and card.startswith("pm_declined"):
            error = {
                "type": "card_error",
                "code": "card_declined",
                "decline_code": "insufficient_funds",
                "message": "Your card has insufficient funds.",
            }
            intent["last_payment_error"] = error
            return 402, {"error": {**error, "payment_intent": copy.deepcopy(intent)}}
        if card and card.startswith("pm_bank"):
            intent.update(status="requires_action", next_action={"type": "use_stripe_sdk"})
        elif card and card.startswith("pm_short"):
            intent.update(status="succeeded", amount_received=intent["amount"] - 1)
        elif card:
            intent.update(status="succeeded", amount_received=intent["amount"])
        return 200, copy.deepcopy(intent)

    def answer_order(self, request, fault, answer):
        if fault == "hold":
            self.holding.set()
            self.released.wait(60)
        if fault in ("lost", "drop", "hold"):
            return self.cut(request)
        if fault == "slow":
            time.sleep(4.5)
        if fault == "garbage":
            return self.send(request, 200, b"<html>Welcome to the hotel's network</html>")
        if fault == "empty":
            return self.send(request, 200, {})
        if isinstance(fault, int):
            return self.send(request, fault, {"error": {"type": "api_error", "message": "Oops"}})
        return self.send(request, *answer)

    def search(self, request, query):
        found = re.fullmatch(r"metadata\['paymentId'\]:'([0-9a-f]{24})'", query["query"][0])
        if not found:
            self.complain(f"search: {query}")
            return self.send(request, 400, {"error": {"type": "invalid_request_error"}})
        intent = self.of_payment(found[1])
        data = [intent] if intent else []
        return self.send(request, 200, {"object": "search_result", "data": data, "has_more": False})

    @staticmethod
    def cut(request):
        """The connection breaks: no answer."""
        request.close_connection = True
        request.connection.shutdown(socket.SHUT_RDWR)

    @staticmethod
    def send(request, status, content):
        body = content if isinstance(content, bytes) else json.dumps(content).encode()
        request.send_response(status)
        request.send_header("Content-Type", "application/json")
        request.send_header("Content-Length", str(len(body)))
        request.end_headers()
        request.wfile.write(body)
