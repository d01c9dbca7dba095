package main

import "fmt"

var taskPlants = []plant{
	{"a credit of another amount", "task t", func(m *market, bad bool) {
		o := m.approve("ok", 310)
		o.Answer = plain(fields{"coinsAdded": pick(bad, 11, 10)})
		m.taskEnds("active", 2)
		m.ends("w", 310, 0, 0)
	}},
	{"a slot sold twice", "task t", func(m *market, bad bool) {
		m.call("task.slots", "b", "ok", fields{"task": "t", "input": fields{"delta": float64(-1)}})
		m.call("submission.post", "v", "ok", fields{"task": "t", "submission": "s2"})
		if bad {
			m.call("submission.post", "x", "ok", fields{"task": "t", "submission": "s3"})
			m.handedIn("x", "s3")
		}
		m.handedIn("v", "s2")
		m.taskEnds("active", 0, pick(bad, []string{"s", "s2", "s3"}, []string{"s", "s2"})...)
		m.ends("b", 1010, 0, 0)
	}},
	{"refunded twice", "task t", func(m *market, bad bool) {
		m.cancel("ok", 20)
		m.cancel(pick(bad, "ok", "not_found"), 20)
		m.taskEnds("cancelled", 0, "s")
		m.ends("b", pick[int64](bad, 1040, 1020), 0, 0)
	}},
	{"refunded too much", "task t", func(m *market, bad bool) {
		m.cancel("ok", pick(bad, 30, 20))
		m.taskEnds("cancelled", 0, "s")
		m.ends("b", pick[int64](bad, 1030, 1020), 0, 0)
	}},
	{"approved after it was rejected", "task t", func(m *market, bad bool) {
		m.call("submission.reject", "b", "ok", fields{"task": "t", "submission": "s"})
		m.approve(pick(bad, "ok", "already_processed"), 310)
		m.taskEnds("active", 3)
		m.ends("w", pick[int64](bad, 310, 300), 0, 0)
	}},
	{"approved twice", "task t", func(m *market, bad bool) {
		m.approve("ok", 310)
		m.approve(pick(bad, "ok", "already_processed"), 320)
		m.taskEnds("active", 2)
		m.ends("w", pick[int64](bad, 320, 310), 0, 0)
	}},
	{"refused as processed before it was", "task t", func(m *market, bad bool) {
		if bad {
			m.approve("already_processed", 0)
		}
		m.approve("ok", 310)
		m.taskEnds("active", 2)
		m.ends("w", 310, 0, 0)
	}},
	{"a refused call that did it", "operation 1", func(m *market, bad bool) {
		o := m.approve("already_processed", 0)
		if bad {
			m.row("approve:s", "escrow:t", "user:w", 10, o)
		}
		m.before.Submissions["s"] = submission{Status: "approved", Task: "t", Worker: "w"}
		b := m.before.Tasks["t"]
		b.Pending = nil
		m.before.Tasks["t"] = b
		m.taskEnds("active", 2)
	}},
	{"a slot not given back", "task t", func(m *market, bad bool) {
		m.call("submission.reject", "b", "ok", fields{"task": "t", "submission": "s"})
		m.taskEnds("active", pick[int64](bad, 2, 3))
	}},
	{"no open slot where there is one", "task t", func(m *market, bad bool) {
		if !bad {
			m.call("task.slots", "b", "ok", fields{"task": "t", "input": fields{"delta": float64(-2)}})
			m.ends("b", 1020, 0, 0)
		}
		m.call("submission.post", "v", "no_open_slot", fields{"task": "t"})
		m.taskEnds("active", pick[int64](bad, 2, 0), "s")
	}},
	{"handed in twice", "task t", func(m *market, bad bool) {
		m.call("submission.post", "v", "ok", fields{"task": "t", "submission": "s2"})
		m.call("submission.post", "v", pick(bad, "ok", "already_submitted"), fields{"task": "t"})
		m.handedIn("v", "s2")
		m.taskEnds("active", pick[int64](bad, 0, 1), "s", "s2")
	}},
	{"a cancelled task takes work", "task t", func(m *market, bad bool) {
		m.cancel("ok", 20)
		m.call("submission.post", "v", pick(bad, "ok", "not_found"), fields{"task": "t", "submission": pick(bad, "s2", "")})
		m.taskEnds("cancelled", 0, pick(bad, []string{"s", "s2"}, []string{"s"})...)
		if bad {
			m.handedIn("v", "s2")
		}
		m.ends("b", 1020, 0, 0)
	}},
	{"a cancelled task is shown", "task t", func(m *market, bad bool) {
		m.cancel("ok", 20)
		m.call("task.read", "v", pick(bad, "ok", "not_found"), fields{"task": "t",
			"answer": fields{"status": "active", "required_workers": 2}})
		m.taskEnds("cancelled", 0, "s")
		m.ends("b", 1020, 0, 0)
	}},
	{"slots read going back", "task t", func(m *market, bad bool) {
		m.call("submission.post", "v", "ok", fields{"task": "t", "submission": "s2"})
		m.call("task.read", "v", "ok", fields{"task": "t",
			"answer": fields{"status": "active", "required_workers": pick(bad, 2, 1)}})
		m.handedIn("v", "s2")
		m.taskEnds("active", 1, "s", "s2")
	}},
	{"a completed task with work pending", "task t", func(m *market, bad bool) {
		m.call("task.slots", "b", "ok", fields{"task": "t", "input": fields{"delta": float64(-2)}})
		if !bad {
			m.approve("ok", 310)
			m.ends("w", 310, 0, 0)
		}
		m.taskEnds("completed", 0, pick(bad, []string{"s"}, nil)...)
		m.ends("b", 1020, 0, 0)
	}},
	{"a deadline refunds what was sold", "task t", func(m *market, bad bool) {
		m.call("submission.post", "v", "ok", fields{"task": "t", "submission": "s2"})
		m.row("expire:t:3", "escrow:t", "user:b", pick[int64](bad, 20, 10), nil)
		m.call("submission.post", "x", "deadline_passed", fields{"task": "t"})
		if bad { // the deadline's refund cannot have come before the work, which was taken
			m.call("task.read", "v", "ok", fields{"task": "t", "answer": fields{"required_workers": 1}})
		}
		m.handedIn("v", "s2")
		m.taskEnds("active", 0, "s", "s2")
		m.ends("b", pick[int64](bad, 1020, 1010), 0, 0)
	}},
	{"refunded before the deadline", "task t", func(m *market, bad bool) {
		before, after := m.before.Tasks["t"], m.after.Tasks["t"]
		m.after.At, after.Expires = 1e12, 2e12
		before.Expires = pick(bad, 2e12, 1e12-1) // and then moved
		m.before.Tasks["t"], m.after.Tasks["t"] = before, after
		m.call("task.write", "b", "ok", fields{"task": "t"})
		o := m.call("submission.reject", "b", "ok", fields{"task": "t", "submission": "s"})
		m.row("reject:s", "escrow:t", "user:b", 10, o)
		m.taskEnds("active", 2)
		m.ends("b", 1010, 0, 0)
	}},
	{"another verdict than the last look's", "task t", func(m *market, bad bool) {
		m.approve("ok", 310)
		m.after.Submissions["s"] = submission{Status: pick(bad, "rejected", "approved"), Task: "t", Worker: "w"}
		m.taskEnds("active", 2)
		m.ends("w", 310, 0, 0)
	}},
	{"rejected by nobody", "task t", func(m *market, bad bool) {
		if !bad {
			m.call("submission.reject", "b", "unknown", fields{"task": "t", "submission": "s"})
		}
		m.after.Submissions["s"] = submission{Status: "rejected", Task: "t", Worker: "w"}
		m.taskEnds("active", 3)
	}},
	{"slots for a task with work pending refused", "task t", func(m *market, bad bool) {
		m.slots(-2, "ok")
		if !bad {
			m.approve("ok", 310)
		}
		m.slots(1, "conflict")
		if bad {
			m.approve("ok", 310)
		}
		m.taskEnds("completed", 0)
		m.ends("w", 310, 0, 0)
		m.ends("b", 1020, 0, 0)
	}},
	{"slots for a task with an open slot refused", "task t", func(m *market, bad bool) {
		m.before.Submissions["s"] = submission{Status: "approved", Task: "t", Worker: "w"}
		b := m.before.Tasks["t"]
		b.Pending = nil
		m.before.Tasks["t"] = b
		given := pick(bad, 1, 2)
		m.slots(-given, "ok")
		m.slots(1, "conflict")
		m.taskEnds(pick(bad, "active", "completed"), int64(2-given))
		m.ends("b", int64(1000+10*given), 0, 0)
	}},
	{"a task gone without its buyer", "task t", func(m *market, bad bool) {
		m.slots(-2, "ok")
		m.approve("ok", 310)
		m.call("admin.task_cancel", "a", "unauthorized", fields{"task": "t"})
		if !bad {
			m.call("admin.remove", "a", "ok", fields{"of": "b", "token": "z"})
			m.row("forfeit:b", "user:b", "forfeits", 1020, nil)
			delete(m.after.Users, "b")
		}
		m.call("task.read", "v", "not_found", fields{"task": "t"})
		m.taskEnds(pick(bad, "completed", "cancelled"), 0)
		m.ends("w", 310, 0, 0)
		if bad {
			m.ends("b", 1020, 0, 0)
		}
	}},
	{"a task that vanished", "task t", func(m *market, bad bool) {
		m.call("task.read", "v", "ok", fields{"task": "t", "answer": fields{"status": "active"}})
		if bad {
			m.after.Tasks = map[string]task{"t9": {}}
		}
	}},
	{"slots told of in another order than they were booked", "task t", func(m *market, bad bool) {
		for n, open := range []int{3, 4} {
			o := m.during("task.slots", "b", "ok", 10, 20, fields{"task": "t", "input": fields{"delta": float64(1)},
				"answer": fields{"task": fields{"required_workers": open}}})
			m.row(fmt.Sprint("slots:", n), "user:b", "escrow:t", 10, o)
			m.after.Ledger[n].Place = pick(bad, 2-n, 1+n)
		}
		m.taskEnds("active", 4, "s")
		m.ends("b", 980, 0, 0)
	}},
}
