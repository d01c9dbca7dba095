package main

import (
	"fmt"
)

// A small market: a buyer, two workers, an admin; the buyer's task t with two open slots at 10, and work s on it of worker w.
type market struct {
	*history
	clock int64
}

type fields map[string]any

func newMarket() *market {
	since := 100.0
	of := func(role string, coins int64) user { return user{Role: role, Coins: coins, TokensValidAfter: &since} }
	before := snapshot{
		Users: map[string]user{"b": of("buyer", 1000), "w": of("worker", 300), "v": of("worker", 0), "a": of("admin", 0)},
		Tasks: map[string]task{"t": {Status: "active", Open: 2, Price: 10, Buyer: "b", Pending: []string{"s"},
			Submitted: map[string]string{"w": "s"}}},
		Submissions: map[string]submission{"s": {Status: "pending", Task: "t", Worker: "w", Buyer: "b", Price: 10}},
		Withdrawals: map[string]withdrawal{},
		Payments:    map[string]payment{},
	}
	after := before
	after.Users = map[string]user{}
	for id, u := range before.Users {
		after.Users[id] = u
	}
	after.Tasks = map[string]task{"t": before.Tasks["t"]}
	after.Submissions = map[string]submission{} // nothing is said of those that are not pending
	after.Withdrawals = map[string]withdrawal{}
	after.Payments = map[string]payment{}
	return &market{&history{before: before, after: after}, 0}
}

// call is one answered after all that were added before.
func (m *market) call(kind, actor, outcome string, more fields) *op {
	m.clock += 10
	return m.during(kind, actor, outcome, m.clock, m.clock+5, more)
}

func (m *market) during(kind, actor, outcome string, start, end int64, more fields) *op {
	n := len(m.ops) + 1
	o := &op{N: n, Kind: kind, Actor: actor, Start: start, Outcome: "ok", Input: map[string]any{}, Answer: map[string]any{}}
	if outcome == "unknown" {
		o.Outcome = outcome
	} else if o.End = &end; outcome != "ok" {
		o.Outcome, o.Code = "refused", outcome
	}
	if m.clock < end {
		m.clock = end
	}
	o.Attempts = []attempt{{RequestID: fmt.Sprint("r", n), Start: start, End: o.End}}
	o.Accounts = []string{actor}
	for name, value := range more {
		switch name {
		case "task":
			o.Task = value.(string)
		case "submission":
			o.Submission = value.(string)
		case "withdrawal":
			o.Withdrawal = value.(string)
		case "payment":
			o.Payment = value.(string)
		case "token":
			o.Token = value.(string)
		case "of":
			o.Accounts = []string{value.(string)}
		case "effective":
			done := value.(bool)
			o.Effective = &done
		case "input":
			o.Input = map[string]any(value.(fields))
		case "answer":
			o.Answer = plain(value.(fields))
		}
	}
	m.ops = append(m.ops, o)
	return o
}

func plain(value any) any {
	if object, ok := value.(fields); ok {
		made := map[string]any{}
		for name, part := range object {
			made[name] = plain(part)
		}
		return made
	}
	if whole, ok := value.(int); ok {
		return float64(whole)
	}
	return value
}

func (m *market) ends(id string, coins, held, owed int64) {
	u := m.after.Users[id]
	u.Coins, u.Pending, u.Owed = coins, held, owed
	m.after.Users[id] = u
}

func (m *market) taskEnds(status string, open int64, pending ...string) {
	t := m.after.Tasks["t"]
	t.Status, t.Open, t.Pending = status, open, pending
	m.after.Tasks["t"] = t
}

func (m *market) handedIn(worker, id string) {
	t := m.after.Tasks["t"]
	all := map[string]string{worker: id}
	for w, s := range t.Submitted {
		all[w] = s
	}
	t.Submitted = all
	m.after.Tasks["t"] = t
}

func (m *market) row(key, from, to string, coins int64, by *op) {
	r := row{ID: key, From: from, To: to, Coins: coins, RequestID: "sweep"}
	if by != nil {
		r.RequestID = by.Attempts[0].RequestID
	}
	m.after.Ledger = append(m.after.Ledger, r)
}

func pick[T any](bad bool, wrong, right T) T {
	if bad {
		return wrong
	}
	return right
}

// approve is work s approved by its buyer; balance: what the worker is told to have.
func (m *market) approve(outcome string, balance int) *op {
	return m.call("submission.approve", "b", outcome, fields{"task": "t", "submission": "s",
		"answer": fields{"coinsAdded": 10, "workerNewBalance": balance}})
}

func (m *market) slots(delta int, outcome string) {
	m.call("task.slots", "b", outcome, fields{"task": "t", "input": fields{"delta": float64(delta)}})
}

func (m *market) cancel(outcome string, refunded int) *op {
	return m.call("task.cancel", "b", outcome, fields{"task": "t", "answer": fields{"refundedAmount": refunded}})
}

func (m *market) post(id string, slots, price, left int) {
	m.call("task.post", "b", "ok", fields{"task": id, "answer": fields{"remainingCoins": left},
		"input": fields{"required_workers": float64(slots), "payable_amount": float64(price)}})
	m.after.Tasks[id] = task{Status: "active", Open: int64(slots), Price: int64(price), Buyer: "b"}
}

func (m *market) withdraw(id string, coins, left, held int) {
	m.call("withdrawal.post", "w", "ok", fields{"withdrawal": id, "input": fields{"withdrawal_coin": float64(coins)},
		"answer": fields{"coins": left, "pending_coins": held}})
}

func (m *market) role(id, role string) {
	m.call("admin.role", "a", "ok", fields{"of": id, "token": "z", "input": fields{"role": role}})
	u := m.after.Users[id]
	u.Role = role
	m.after.Users[id] = u
}
