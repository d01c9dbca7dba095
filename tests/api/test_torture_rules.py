"""The model that judges a round finds each kind of wrong in histories that were made up: an effect
that is missing, one that is there twice, numbers that do not follow, and answers that cannot be.
"""

import copy

import pytest

import rules
from sample_round import NOW, sample_round, token


def judged(market):
    return rules.check(market.before, market.history, market.state)


def test_a_round_that_keeps_the_rules_is_found_without_fault():
    assert [str(found) for found in judged(sample_round())] == []


def test_numbers_that_an_audit_tells_are_no_records():
    market = sample_round()
    answer = {"balanced": True, "differences": [], "users": 4, "tasks": 2}
    market.op("admin.audit", "anna", answer=answer, key=False)
    assert judged(market) == []


def op(market, kind):
    return next(one for one in market.history if one["kind"] == kind)


def note_of(market, user, about):
    notes = market.state.notifications
    return next(n for n, one in notes.items() if (one["user_id"], one["type"]) == (user, about))


# --- lost ---


def without_a_submission(market):
    """Its slot is open again, nobody was told: as if it had never been."""
    del market.state.submissions["s4"]


def without_a_note(market):
    del market.state.notifications[note_of(market, "will", "approval")]


def without_an_old_row(market):
    del market.state.ledger["purchase:p1"]


def without_a_correction(market):
    market.op("admin.adjust", "anna", input={"user": "wes", "coins": 5, "reason": "never"})


def without_a_kept_answer(market):
    del market.state.idempotency[op(market, "task.post")["key"]]


def without_a_refund(market):
    market.state.payments["p1"].update(refunded_cents=0)


def with_the_old_name(market):
    market.state.users["bob"]["name"] = "bob"


def with_the_old_password(market):
    market.state.users["bob"]["password"] = market.before.users["bob"]["password"]


def without_an_approval(market):
    market.state.submissions["s1"]["status"] = "pending"


def with_a_user_who_is_not_gone(market):
    market.user("newcomer", "worker")


def without_its_payment(market):
    del market.state.payments["p2"]


def without_a_row_that_was_shown(market):
    row = {
        "_id": "adjust:x",
        "from": "adjustments",
        "to": "user:will",
        "coins": 5,
        "kind": "adjust",
    }
    market.op("admin.ledger", "anna", answer={"entries": [row]}, key=False)


# --- doubled ---


def with_a_correction_twice(market):
    given = op(market, "admin.adjust")
    market.row("adjust:again", "adjustments", "user:wes", 30, "adjust", given, user="wes")
    market.tell("wes", "payment")


def with_two_who_approved(market):
    market.op("submission.approve", "anna", submission="s1", task="old")


def with_two_who_cancelled(market):
    market.op("task.cancel", "bob", task="film")


def with_a_task_twice(market):
    posted = op(market, "task.post")
    market.post("bob", "again", 5, 10, op=posted)


def told_twice(market):
    market.tell("will", "approval")


def submitted_twice(market):
    market.submit("will", "old", "s9")


def with_an_address_twice(market):
    market.register("double", "worker", 10)
    market.state.users["double"]["email_key"] = "will@example.org"


def with_a_payment_nobody_ordered(market):
    market.state.payments["p9"] = {**market.state.payments["p2"], "_id": "p9", "status": "pending"}
    market.state.payments["p9"]["txn_key"] = None


def run_beside_itself(market):
    op(market, "submission.approve")["attempts"].append({"request_id": "twin", "status": 400})


# --- difference ---


def with_a_coin_more(market):
    market.state.users["will"]["coins"] += 1


def with_less_held(market):
    market.state.users["will"]["pending_coins"] -= 1


def with_a_slot_more(market):
    market.state.tasks["old"]["required_workers"] += 1


def with_a_wrong_counter(market):
    market.state.users["wes"]["pending_submissions"] += 1


def with_a_row_from_nowhere(market):
    market.row("adjust:nobody", "adjustments", "user:will", 5, "adjust", user="will")


def with_a_row_of_another_size(market):
    market.state.ledger["approve:s1"]["coins"] = 4
    market.state.users["will"]["coins"] -= 1


def without_a_row(market):
    del market.state.ledger["approve:s1"]


def with_a_row_of_another_actor(market):
    market.state.ledger["approve:s1"]["actor"] = "anna"


def with_a_debt_from_nowhere(market):
    market.state.users["bob"]["owed_coins"] = 7


def with_coins_beside_a_debt(market):
    market.before.users["bob"]["owed_coins"] = 7
    market.state.users["bob"]["owed_coins"] = 7


def with_too_much_taken_back(market):
    market.state.payments["p1"]["reversed_coins"] = 90


def approved_after_all(market):
    market.before.submissions["s1"]["status"] = "rejected"


def completed_too_early(market):
    market.state.tasks["old"]["status"] = "completed"


def refunded_while_open(market):
    market.row("reject:s2", "escrow:old", "user:bob", 5, "refund", user="bob", task="old")


def of_nobody(market):
    market.submit("wes", "film", "s9", op=False)


def left_behind(market):
    market.tell("newcomer", "approval")


def without_an_admin(market):
    market.state.users["anna"]["role"] = "worker"


def claimed_for_ever(market):
    claim = market.state.idempotency[op(market, "task.post")["key"]]
    claim.update(state="claimed", lease_until=NOW * 2)


def unread_again(market):
    name = note_of(market, "will", "approval")
    market.before.notifications[name] = {**market.state.notifications[name], "isRead": True}


def keeping_a_refusal(market):
    market.state.idempotency[op(market, "task.post")["key"]]["status"] = 400


def claimed_while_nothing_runs(market):
    claim = {"user_id": "will", "state": "claimed", "lease_until": NOW + 5000}
    market.state.idempotency["k"] = claim


def shown_as_approved(market):
    answer = {"submission": {"_id": "s2", "status": "approved"}}
    market.op("submission.read", "bob", answer=answer, key=False, submission="s2")


def shown_what_is_not_there(market):
    answer = {"_id": "gone", "status": "active"}
    market.op("task.read", "bob", answer=answer, key=False, task="gone")


def audited_as_unbalanced(market):
    answer = {"balanced": False, "differences": [{"kind": "coins"}]}
    market.op("admin.audit", "anna", answer=answer, key=False)


# --- illegal ---


def refused_and_done(market):
    op(market, "admin.adjust").update(outcome="refused", code="conflict", status=409)


def refused_as_decided_while_pending(market):
    market.submit("will", "old", "s9")
    market.refused("submission.approve", "bob", "already_processed", submission="s9", task="old")


def refused_for_coins_that_were_there(market):
    market.refused("task.post", "bob", "insufficient_coins", extra={"required": 5, "available": 9})


def refused_its_owner(market):
    market.refused("task.cancel", "bob", "not_owner", 403, task="film")


def refused_who_may(market):
    market.refused("admin.adjust", "anna", "forbidden", 403, input={"user": "wes"})


def refused_who_was_in(market):
    market.refused("me.read", "will", "unauthorized", 401)


def failed(market):
    market.refused("me.read", "will", "internal", 500)


def with_a_token_that_lives_on(market):
    market.op("me.read", "wes", key=False)


def with_a_newer_token_that_lives_on(market):
    """The log-out was sent with an older one."""
    market.login("will", 300)
    market.logout("will")
    market.op("me.read", "will", key=False, input={"iat": 300})


def with_somebody_who_was_removed(market):
    market.op("me.read", "newcomer", key=False)


def refused_as_submitted_before(market):
    market.refused("submission.post", "will", "already_submitted", task="other")


def done_by_a_role_that_may_not(market):
    market.post("will", "no buyer's", 1, 1)


def done_after_the_role_was_taken(market):
    market.op("admin.role", "anna", key=False, input={"user": "bob", "to": "worker"})
    market.state.users["bob"]["role"] = "worker"
    market.post("bob", "too late", 1, 1)


def done_to_anothers(market):
    market.state.tasks["old"]["buyer_id"] = market.before.tasks["old"]["buyer_id"] = "anna"
    market.cancel("old", "bob")


def refused_with_a_new_token(market):
    """Asked for when the log-out was over, it works at once."""
    market.login("wes", 200)
    more = {"token": token(200), "input": {"iat": 200}}
    market.refused("me.read", "wes", "unauthorized", 401, **more)


def refused_the_right_password(market):
    told = {"user": "will", "password": "pass will 1", "right": True}
    market.refused("auth.login", None, "unauthorized", 401, input=told)


def refused_as_unfit(market):
    market.refused("task.slots", "bob", "conflict", 409, task="old", input={"delta": 1})


PLANTED = {
    "lost": (
        without_a_submission,
        without_a_note,
        without_an_old_row,
        without_a_correction,
        without_a_kept_answer,
        without_a_refund,
        with_the_old_name,
        with_the_old_password,
        without_an_approval,
        with_a_user_who_is_not_gone,
        without_its_payment,
        without_a_row_that_was_shown,
    ),
    "doubled": (
        with_a_correction_twice,
        with_two_who_approved,
        with_two_who_cancelled,
        with_a_task_twice,
        told_twice,
        submitted_twice,
        with_an_address_twice,
        with_a_payment_nobody_ordered,
        run_beside_itself,
    ),
    "difference": (
        with_a_coin_more,
        with_less_held,
        with_a_slot_more,
        with_a_wrong_counter,
        with_a_row_from_nowhere,
        with_a_row_of_another_size,
        without_a_row,
        with_a_row_of_another_actor,
        with_a_debt_from_nowhere,
        with_coins_beside_a_debt,
        with_too_much_taken_back,
        approved_after_all,
        completed_too_early,
        refunded_while_open,
        of_nobody,
        left_behind,
        without_an_admin,
        claimed_for_ever,
        unread_again,
        keeping_a_refusal,
        claimed_while_nothing_runs,
        shown_as_approved,
        shown_what_is_not_there,
        audited_as_unbalanced,
    ),
    "illegal": (
        refused_and_done,
        refused_as_decided_while_pending,
        refused_for_coins_that_were_there,
        refused_its_owner,
        refused_who_may,
        refused_who_was_in,
        failed,
        with_a_token_that_lives_on,
        with_a_newer_token_that_lives_on,
        with_somebody_who_was_removed,
        refused_as_submitted_before,
        done_by_a_role_that_may_not,
        done_after_the_role_was_taken,
        done_to_anothers,
        refused_with_a_new_token,
        refused_the_right_password,
        refused_as_unfit,
    ),
}


@pytest.mark.parametrize(
    "what, plant", [(what, plant) for what, plants in PLANTED.items() for plant in plants]
)
def test_each_planted_fault_is_found_and_named(what, plant):
    market = sample_round()
    plant(market)
    assert what in {found.what for found in judged(market)}, plant.__name__


# --- unknown outcomes ---


def adjusted(market):
    return [one for one in market.history if one["kind"] == "admin.adjust"]


def test_an_unknown_outcome_may_be_either_and_is_resolved_by_what_is_there():
    market = sample_round()
    market.adjust("anna", "will", 5, outcome="unknown", status=None)
    market.op(
        "admin.adjust",
        "anna",
        "unknown",
        status=None,
        input={"user": "wes", "coins": 9, "reason": "x"},
    )
    assert judged(market) == []
    rules.resolve(market.before, market.history, market.state)
    assert [one.get("effective") for one in adjusted(market)] == [None, True, False]


def test_a_repeat_that_is_refused_before_its_key_is_looked_at_says_nothing():
    """The caller was logged out between the first attempt, which took effect, and the second."""
    market = sample_round()
    given = market.adjust("anna", "will", 5)
    again = {"request_id": "later", "start": 1, "end": 2, "status": 401}
    given["attempts"].append(again)
    given.update(outcome="refused", status=401, code="unauthorized")
    market.logout("anna")["start"] = 0
    assert judged(market) == []


def test_an_unknown_outcome_has_at_most_one_effect():
    market = sample_round()
    market.adjust("anna", "will", 5, outcome="unknown", status=None)
    given = adjusted(market)[-1]
    market.row("adjust:again", "adjustments", "user:will", 5, "adjust", given, user="will")
    market.tell("will", "payment")
    assert {found.what for found in judged(market)} == {"doubled"}


def test_many_reviewed_at_once_are_resolved_one_by_one():
    market = sample_round()
    for name, work in (("una", "s5"), ("ugo", "s6")):
        market.register(name, "worker", 10)
        market.submit(name, "old", work)
    reviewed = market.review(
        "s5",
        "bob",
        "approved",
        kind="submission.review",
        outcome="unknown",
        status=None,
        input={"ids": ["s5", "s6"], "status": "approved", "reason": "both"},
    )
    assert judged(market) == []
    rules.resolve(market.before, market.history, market.state)
    assert reviewed["effective_ids"] == ["s5"]


def test_a_dead_claimants_key_may_be_claimed_where_another_worker_saw_no_valid_token():
    """nginx asked that one when the first had died, and the caller was logged out between."""
    market = sample_round()
    market.op("auth.logout", "will", key=False)
    market.op(
        "payment.create",
        "will",
        outcome="refused",
        status=401,
        answer={"code": "unauthorized"},
        input={"coins": 10},
    )
    claimed_while_nothing_runs(market)
    assert judged(market) == []


def late_row(of):
    """A correction's row that comes after the round, and what is said about it."""
    market = sample_round()
    given = market.adjust("anna", "will", 5, **of)
    after = copy.deepcopy(market.state)
    market.row("adjust:late", "adjustments", "user:will", 5, "adjust", given, user="will")
    return [found.what for found in rules.late(after, market.state, market.history)]


def test_what_is_done_again_after_the_round_is_doubled():
    assert late_row({}) == ["doubled"]


def test_what_nobody_knew_the_outcome_of_may_come_late():
    assert late_row({"outcome": "unknown", "status": None}) == []


def test_no_work_waits_for_a_buyer_who_is_gone():
    market = sample_round()
    market.state.submissions["s1"].update(status="pending", buyer_id="nobody")
    assert any("s1 waits for nobody, who is gone" in str(found) for found in judged(market))
