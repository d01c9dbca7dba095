package main

var coinPlants = []plant{
	{"a lost credit", "account w", func(m *market, bad bool) {
		m.approve("ok", 310)
		m.taskEnds("active", 2)
		m.ends("w", pick[int64](bad, 300, 310), 0, 0)
	}},
	{"a doubled credit", "account w", func(m *market, bad bool) {
		m.approve("ok", 310)
		m.taskEnds("active", 2)
		m.ends("w", pick[int64](bad, 320, 310), 0, 0)
	}},
	{"a stale balance", "account w", func(m *market, bad bool) {
		m.approve("ok", 310)
		m.call("me.read", "w", "ok", fields{"answer": fields{"coins": pick(bad, 300, 310)}})
		m.taskEnds("active", 2)
		m.ends("w", 310, 0, 0)
	}},
	{"a balance that goes back", "account w", func(m *market, bad bool) {
		o := m.approve("ok", 310)
		start := o.Start
		m.during("me.read", "w", "ok", start+1, start+2, fields{"answer": fields{"coins": pick(bad, 310, 300)}})
		m.during("me.read", "w", "ok", start+3, start+4, fields{"answer": fields{"coins": pick(bad, 300, 310)}})
		m.taskEnds("active", 2)
		m.ends("w", 310, 0, 0)
	}},
	{"a refund told of before it was booked", "account b", func(m *market, bad bool) {
		m.call("me.read", "b", "ok", fields{"answer": fields{"coins": pick(bad, 1020, 1000)}})
		o := m.call("submission.post", "v", "ok", fields{"task": "t2", "submission": "s2"})
		m.before.Tasks["t2"] = task{Status: "active", Open: 1, Price: 10, Buyer: "a"}
		m.row("reject:x", "escrow:t2", "user:a", 0, o)
		m.row("expire:t:3", "escrow:t", "user:b", 20, nil)
		for n := range m.after.Ledger {
			m.after.Ledger[n].Place = n + 1
		}
		m.after.Tasks["t2"] = task{Status: "active", Open: 0, Price: 10, Buyer: "a", Pending: []string{"s2"},
			Submitted: map[string]string{"v": "s2"}}
		m.taskEnds("active", 0, "s")
		m.ends("b", 1020, 0, 0)
	}},
	{"more spent than is there", "account b", func(m *market, bad bool) {
		m.post("t2", 9, 100, 100)
		if bad {
			m.post("t3", 9, 100, 100)
		}
		m.ends("b", 100, 0, 0)
	}},
	{"lost update of two posts", "account b", func(m *market, bad bool) {
		m.post("t2", 4, 100, 600)
		m.post("t3", 3, 100, pick(bad, 700, 300))
		m.ends("b", pick[int64](bad, 700, 300), 0, 0)
	}},
	{"refused as too poor with enough", "account b", func(m *market, bad bool) {
		m.call("task.post", "b", "insufficient_coins", fields{
			"input":  fields{"required_workers": float64(2), "payable_amount": float64(501)},
			"answer": fields{"required": 1002, "available": pick(bad, 900, 1000)}})
	}},
	{"a withdrawal held twice", "account w", func(m *market, bad bool) {
		m.withdraw("x", 200, 100, 200)
		m.ends("w", pick[int64](bad, -100, 100), pick[int64](bad, 400, 200), 0)
	}},
	{"a withdrawal decided twice", "account w", func(m *market, bad bool) {
		m.withdraw("x", 200, 100, 200)
		m.call("withdrawal.reject", "a", "ok", fields{"withdrawal": "x", "of": "w"})
		m.call("withdrawal.approve", "a", pick(bad, "ok", "already_processed"), fields{"withdrawal": "x", "of": "w"})
		m.ends("w", 300, 0, 0)
	}},
	{"one who owes withdraws", "account w", func(m *market, bad bool) {
		u := m.before.Users["w"]
		u.Owed = pick[int64](bad, 5, 0)
		m.before.Users["w"] = u
		m.withdraw("x", 200, 100, 200)
		m.ends("w", 100, 200, pick[int64](bad, 5, 0))
	}},
	{"a debt that is not paid first", "account w", func(m *market, bad bool) {
		u := m.before.Users["w"]
		u.Owed = 4
		m.before.Users["w"] = u
		m.approve("ok", pick(bad, 310, 306))
		m.taskEnds("active", 2)
		m.ends("w", pick[int64](bad, 310, 306), 0, pick[int64](bad, 4, 0))
	}},
	{"money that went back was not taken", "account b", func(m *market, bad bool) {
		m.before.Payments["p"] = payment{Status: "completed", Buyer: "b", Coins: 1500}
		m.after.Payments["p"] = payment{Status: "completed", Buyer: "b", Coins: 1500, Reversed: 1500}
		m.call("payment.refund", "", "ok", fields{"payment": "p", "of": "b"})
		m.ends("b", 0, 0, pick[int64](bad, 0, 500))
	}},
	// Noted in an earlier round, it is taken when the payment is completed; the dispute takes the rest.
	{"money told of early goes back with its completion", "account b", func(m *market, bad bool) {
		m.before.Payments["p"] = payment{Status: "pending", Buyer: "b", Coins: 150}
		m.after.Payments["p"] = payment{Status: "completed", Buyer: "b", Coins: 150, Reversed: 150}
		o := m.call("payment.webhook", "", "ok", fields{"payment": "p", "of": "b"})
		m.row("purchase:p", "sales", "user:b", 150, o)
		m.row("reverse:p:1", "user:b", "reversals", 60, o)
		m.call("me.read", "b", "ok", fields{"answer": fields{"coins": pick(bad, 1150, 1090)}})
		o = m.call("payment.dispute", "", "ok", fields{"payment": "p", "of": "b"})
		m.row("reverse:p:2", "user:b", "reversals", 90, o)
		m.call("me.read", "b", "ok", fields{"answer": fields{"coins": 1000}})
		m.ends("b", 1000, 0, 0)
	}},
	{"a payment credited twice", "account b", func(m *market, bad bool) {
		m.before.Payments["p"] = payment{Status: "pending", Buyer: "b", Coins: 150}
		o := m.call("payment.confirm", "b", "ok", fields{"payment": "p", "answer": fields{"newBalance": 1150}})
		m.row("purchase:p", "sales", "user:b", 150, o)
		m.call("payment.confirm", "b", "ok", fields{"payment": "p", "answer": fields{"newBalance": 1150}})
		m.ends("b", pick[int64](bad, 1300, 1150), 0, 0)
	}},
	{"an unknown operation used twice", "account v", func(m *market, bad bool) {
		m.call("admin.adjust", "a", "unknown", fields{"of": "v", "input": fields{"coins": float64(7)}})
		m.call("me.read", "v", "ok", fields{"answer": fields{"coins": 7}})
		m.call("me.read", "v", "ok", fields{"answer": fields{"coins": pick(bad, 14, 7)}})
		m.ends("v", pick[int64](bad, 14, 7), 0, 0)
	}},
	{"an unknown operation undone", "account v", func(m *market, bad bool) {
		m.call("admin.adjust", "a", "unknown", fields{"of": "v", "input": fields{"coins": float64(7)}})
		m.call("me.read", "v", "ok", fields{"answer": fields{"coins": pick(bad, 7, 0)}})
		m.call("me.read", "v", "ok", fields{"answer": fields{"coins": 0}})
	}},
	{"what is known to have happened did not", "account v", func(m *market, bad bool) {
		m.call("admin.adjust", "a", "unknown", fields{"of": "v", "input": fields{"coins": float64(7)}, "effective": true})
		m.ends("v", pick[int64](bad, 0, 7), 0, 0)
	}},
}
