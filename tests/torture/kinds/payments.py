"""Calls about payments, and what Stripe tells of them: paid, failed, refunded, disputed, in any
order, twice, and before the buyer's own call.
"""

import json

import fake_stripe
from calls import Call, Kind
from world import EXTRA_PACKAGES, pick, word

PACKAGES = {10: 1, 150: 10, 500: 20, 1000: 35}


def choose_create(world, rng):
    buyer = world.anybody(rng, "buyer")
    body = {"coins": rng.choice((*PACKAGES, *PACKAGES, 11))}
    return world.act("payment.create", "POST /payments/create-payment", buyer, body, key=True)


def learn_create(world, call, status, answer):
    if status == 201:
        keep(world, answer["payment"])


def keep(world, payment):
    world.payments[payment["_id"]] = {
        "buyer": payment["buyer_id"],
        "coins": payment["coin_amount"],
        "price": payment["price"],
        "status": payment["status"],
    }


def choose_purchase(world, rng):
    """A card that pays, or one that does not."""
    buyer = world.anybody(rng, "buyer")
    coins, price = rng.choice([*PACKAGES.items(), *EXTRA_PACKAGES.items()])
    card = rng.choices(("visa", "declined", "bank", "unknown"), (12, 2, 2, 1))[0]
    body = {
        "coins": coins,
        "amount": price if rng.random() < 0.95 else price + 1,
        "paymentMethodId": f"pm_{card}_{word(rng)}",
    }
    return world.act("payment.purchase", "POST /payments/purchase-coins", buyer, body, key=True)


def learn_purchase(world, call, status, answer):
    if status == 200:
        name = answer["paymentId"]
        world.payments[name] = {
            "buyer": call.actor,
            "coins": call.body["coins"],
            "price": call.body["amount"],
            "status": "completed",
        }


def choose_dummy(world, rng):
    """Where the provider is Stripe there is no such call."""
    buyer, body = world.anybody(rng, "buyer"), {"coins": 150}
    return world.act("payment.dummy", "POST /payments/dummy-payment", buyer, body, key=True)


def of_world(world, rng, *statuses):
    """One of the payments, and its intent at the provider."""
    found = [name for name, known in world.payments.items() if known["status"] in statuses]
    name = pick(rng, found)
    return name, name and world.fake.of_payment(name)


def choose_confirm(world, rng):
    """Paid at the bank before, mostly; the same again; another's transaction."""
    name, intent = of_world(world, rng, "pending", "completed")
    if not intent:
        return None
    if rng.random() < 0.85:
        intent = world.fake.pay(intent)
    own, transaction = rng.random() < 0.9, intent["id"]
    if not own:
        other = world.fake.of_payment(pick(rng, [one for one in world.payments if one != name]))
        transaction = other["id"] if other else "pi_nobody1"
    buyer = world.people.get(world.payments[name]["buyer"])
    if rng.random() < 0.05:
        buyer = world.anybody(rng, "buyer")
    body, told = {"transactionId": transaction}, {"paid": own and intent["status"] == "succeeded"}
    about = {"payment": name, "input": told, "key": True}
    return world.act("payment.confirm", f"PUT /payments/confirm/{name}", buyer, body, **about)


def learn_confirm(world, call, status, answer):
    if status == 200:
        keep(world, answer["payment"])


# --- what Stripe tells ---


def told(world, rng, kind, name, intent, event_type, subject):
    """A webhook call; one in thirty is signed with another secret."""
    body = fake_stripe.event(event_type, subject)
    payload = json.dumps(body).encode()
    forged = rng.random() < 0.03
    signature = fake_stripe.signed(payload, *(["whsec_of_another"] if forged else []))
    return Call(
        kind,
        "POST",
        "/payments/webhook",
        payload,
        accounts=(world.payments[name]["buyer"],),
        payment=name,
        headers={"Stripe-Signature": signature, "Content-Type": "application/json"},
        input={
            "type": event_type,
            "intent": intent["id"],
            "created": body["created"],
            "forged": forged,
            "cents": subject.get("amount_refunded", subject["amount"]),
            "received": subject.get("amount_received"),
            "dispute": subject["id"] if kind.startswith("payment.dispute") else None,
            "status": subject["status"],
        },
    )


def choose_webhook(world, rng):
    name, intent = of_world(world, rng, "pending", "pending", "completed", "failed")
    if not intent:
        return None
    if rng.random() < 0.15 and intent["status"] != "succeeded":
        event_type = "payment_intent.payment_failed"
    else:
        event_type = "payment_intent.succeeded"
        intent = world.fake.pay(intent)
        if rng.random() < 0.05:
            intent["amount_received"] -= 1
    return told(world, rng, "payment.webhook", name, intent, event_type, intent)


def learn_webhook(world, call, status, answer):
    if status == 200 and call.payment in world.payments:
        paid = call.input["type"].endswith("succeeded")
        if paid and call.input["received"] == call.input["cents"]:
            world.payments[call.payment]["status"] = "completed"


def paid_for(world, rng):
    """A payment whose money can go back: paid at the bank, completed here or not yet; now and then
    of somebody who has spent it.
    """
    name, intent = of_world(world, rng, "completed", "pending")
    if rng.random() < 0.4:
        spent = [
            one
            for one, known in world.payments.items()
            if known["status"] == "completed"
            and known["buyer"] in world.people
            and world.people[known["buyer"]].coins < known["coins"]
        ]
        name = pick(rng, spent) or name
        intent = name and world.fake.of_payment(name)
    if not intent or (intent["status"] != "succeeded" and rng.random() < 0.7):
        return None, None
    return name, world.fake.pay(intent)


def choose_refund(world, rng):
    name, intent = paid_for(world, rng)
    if not intent:
        return None
    part = rng.choice((0.1, 0.25, 0.5, 0.77, 1, 1))
    subject = fake_stripe.charge(intent, int(intent["amount"] * part))
    return told(world, rng, "payment.refund", name, intent, "charge.refunded", subject)


def choose_dispute(world, rng):
    name, intent = paid_for(world, rng)
    if not intent:
        return None
    number = rng.choice((1, 1, 1, 2))
    subject = fake_stripe.dispute(intent, cents=share(intent, number), number=number)
    return told(world, rng, "payment.dispute", name, intent, "charge.dispute.created", subject)


def share(intent, number):
    """What a dispute is about: the second one is about a part, and each about the same always."""
    return intent["amount"] if number == 1 else intent["amount"] // 4


def choose_dispute_closed(world, rng):
    """Also of disputes that were never told of."""
    name, intent = paid_for(world, rng)
    if not intent:
        return None
    number, verdict = rng.choice((1, 1, 1, 2)), rng.choice(("won", "won", "lost"))
    subject = fake_stripe.dispute(intent, verdict, share(intent, number), number)
    return told(
        world, rng, "payment.dispute_closed", name, intent, "charge.dispute.closed", subject
    )


KINDS = [
    Kind("payment.dummy", 0.2, choose_dummy),
    Kind("payment.create", 3, choose_create, learn_create),
    Kind("payment.confirm", 3, choose_confirm, learn_confirm),
    Kind("payment.purchase", 2.5, choose_purchase, learn_purchase),
    Kind("payment.webhook", 3, choose_webhook, learn_webhook),
    Kind("payment.refund", 1, choose_refund),
    Kind("payment.dispute", 0.7, choose_dispute),
    Kind("payment.dispute_closed", 0.9, choose_dispute_closed),
]
