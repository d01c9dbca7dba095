"""The main job as one story: a paid task from registration to approval, and no coin lost."""

from client import ahead, ok, register_input
from promises import promise


@promise(
    "2 The books",
    "Σ coins + Σ pending_coins + Σ escrow = opening + bonuses + purchases ± adjustments − payouts − forfeits "
    "− reversals, at every moment",
)
def test_a_paid_task_from_registration_to_approval(api, admin, books):
    # Bea registers as a buyer and finds 50 coins in her account, Will as a worker and finds 10.
    bea = ok(api.post("/auth/register", json=register_input(name="Bea", role="buyer")), 201)
    will = ok(api.post("/auth/register", json=register_input(name="Will", role="worker")), 201)
    bea_id, will_id = bea["user"]["_id"], will["user"]["_id"]
    as_bea, as_will = api.as_user(bea["token"]), api.as_user(will["token"])
    assert (bea["user"]["coins"], will["user"]["coins"]) == (50, 10)

    # She asks two people to name birds, for 15 coins each. The 30 coins leave her account at once.
    posted = ok(
        as_bea.post(
            "/tasks",
            json={
                "task_title": "Name five birds",
                "task_detail": "Look out of your window and name five birds that you see.",
                "required_workers": 2,
                "payable_amount": 15,
                "completion_date": ahead(days=2),
                "submission_info": "Five names, one a line.",
                "category": "nature",
            },
        ),
        201,
    )
    task = posted["task"]
    assert posted["remainingCoins"] == 20
    assert (task["status"], task["required_workers"], task["buyer_name"]) == ("active", 2, "Bea")

    # Will finds it, and hands in his work. One of the two slots is taken.
    found = ok(
        as_will.get(
            "/tasks",
            params={"q": "BIRDS window", "category": "nature", "min_payable": 15, "limit": 100},
        )
    )
    assert task["_id"] in [one["_id"] for one in found["tasks"]]
    handed_in = ok(
        as_will.post(
            "/submissions",
            json={"task_id": task["_id"], "submission_details": "Robin, wren, crow, gull, swift"},
        ),
        201,
    )
    submission = handed_in["submission"]
    assert handed_in["success"] is True
    assert (submission["status"], submission["worker_name"], submission["payable_amount"]) == (
        "pending",
        "Will",
        15,
    )
    assert ok(api.get(f"/tasks/{task['_id']}"))["required_workers"] == 1
    # It does not show up for him again.
    left = ok(as_will.get("/tasks", params={"q": "birds window", "limit": 100}))
    assert task["_id"] not in [one["_id"] for one in left["tasks"]]

    # Bea sees it waiting, and approves it. Will has 25 coins now.
    waiting = ok(as_bea.get("/submissions/buyer/review"))
    assert [one["_id"] for one in waiting["submissions"]] == [submission["_id"]]
    approved = ok(as_bea.put(f"/submissions/{submission['_id']}/approve"))
    assert (approved["coinsAdded"], approved["workerNewBalance"]) == (15, 25)
    assert approved["submission"]["status"] == "approved"
    assert ok(as_will.get("/auth/me"))["coins"] == 25
    earned = ok(as_will.get("/submissions/worker/approved"))
    assert (earned["totalEarnings"], earned["total"]) == (15, 1)

    # She needs no second list: cancelling the task gives her back the 15 coins of its open slot.
    cancelled = ok(as_bea.delete(f"/tasks/{task['_id']}"))
    assert cancelled["refundedAmount"] == 15
    assert ok(as_bea.get("/auth/me"))["coins"] == 35

    # The journal tells where every coin went, and the audit that none appeared or vanished.
    told = ok(admin.api.get("/admin/ledger", params={"task": task["_id"]}))["entries"]
    assert [(entry["from"], entry["to"], entry["coins"]) for entry in told[::-1]] == [
        (f"user:{bea_id}", f"escrow:{task['_id']}", 30),
        (f"escrow:{task['_id']}", f"user:{will_id}", 15),
        (f"escrow:{task['_id']}", f"user:{bea_id}", 15),
    ]
    audit = ok(admin.api.get("/admin/audit"))
    assert audit["balanced"] is True and audit["differences"] == []
