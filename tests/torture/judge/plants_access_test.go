package main

var accessPlants = []plant{
	{"a token living on after a log-out", "account w", func(m *market, bad bool) {
		m.call("me.read", "w", "ok", fields{"token": "k", "answer": fields{"coins": 300}})
		m.call("auth.logout", "w", "ok", fields{"token": "k"})
		m.call("me.read", "w", pick(bad, "ok", "unauthorized"), fields{"token": "k", "answer": fields{"coins": 300}})
	}},
	{"a token living on after a change of password", "account w", func(m *market, bad bool) {
		m.call("auth.password", "w", "ok", fields{"token": "k", "answer": fields{"token": "k2"}})
		m.call("me.read", "w", "ok", fields{"token": pick(bad, "k", "k2"), "answer": fields{"coins": 300}})
	}},
	{"a token living on after removal", "account w", func(m *market, bad bool) {
		m.call("admin.remove", "a", "ok", fields{"of": "w", "token": "z"})
		m.call("me.read", "w", pick(bad, "ok", "unauthorized"), fields{"token": "k", "answer": fields{"coins": 300}})
		m.row("forfeit:w", "user:w", "forfeits", 300, nil)
		delete(m.after.Users, "w")
		m.after.Submissions["s"] = submission{Status: "rejected", Task: "t", Worker: "w"}
		m.taskEnds("active", 3)
	}},
	{"a token refused and then taken", "account w", func(m *market, bad bool) {
		m.call("auth.login", "", "ok", fields{"answer": fields{"token": "k", "user": fields{"_id": "w"}}})
		out := m.call("auth.logout", "w", "ok", fields{"token": "k"})
		*out.End = out.Start + 9
		first, then := pick(bad, int64(1), 3), pick(bad, int64(3), 1)
		m.during("me.read", "w", "unauthorized", out.Start+first, out.Start+first+1, fields{"token": "k"})
		m.during("me.read", "w", "ok", out.Start+then, out.Start+then+1, fields{"token": "k", "answer": fields{"coins": 300}})
	}},
	{"a new token refused", "account w", func(m *market, bad bool) {
		m.call("auth.login", "", "ok", fields{"answer": fields{"token": "k", "user": fields{"_id": "w"}}})
		m.call("me.read", "w", pick(bad, "unauthorized", "ok"), fields{"token": "k", "answer": fields{"coins": 300}})
	}},
	{"a change of role ignored", "account v", func(m *market, bad bool) {
		m.role("v", "buyer")
		m.call("submission.post", "v", pick(bad, "ok", "forbidden"), fields{"task": "t", "token": "k",
			"submission": pick(bad, "s2", "")})
		if bad {
			m.handedIn("v", "s2")
			m.taskEnds("active", 1, "s", "s2")
		}
	}},
	{"refused a role that one has", "account v", func(m *market, bad bool) {
		if !bad {
			m.role("v", "buyer")
		}
		m.call("withdrawal.post", "v", "forbidden", fields{"token": "k", "input": fields{"withdrawal_coin": float64(200)}})
	}},
	{"a role changed with work pending", "account w", func(m *market, bad bool) {
		if !bad {
			m.approve("ok", 310)
			m.taskEnds("active", 2)
			m.ends("w", 310, 0, 0)
		}
		m.role("w", "buyer")
	}},
	{"an ended token given out again", "account w", func(m *market, bad bool) {
		m.call("me.read", "w", "ok", fields{"token": "k", "answer": fields{"coins": 300}})
		if bad {
			m.call("auth.logout", "w", "ok", fields{"token": "k"})
		}
		m.call("auth.login", "", "ok", fields{"answer": fields{"token": "k", "user": fields{"_id": "w"}}})
		m.call("me.read", "w", "ok", fields{"token": "k", "answer": fields{"coins": 300}})
	}},
}
