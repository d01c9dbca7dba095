package main

import (
	"fmt"
	"math/rand"
	"testing"
	"time"
)

// hot is a round of many calls at one account and one task, by so many callers at once; a few stay unknown. Each took effect
// at a moment between its call and its answer.
func hot(calls, callers, unknown int) *market {
	m := newMarket()
	chance := rand.New(rand.NewSource(7))
	balance, open, works := int64(1000), int64(2), []string{"s"}
	free := make([]int64, callers) // when each is free again
	for n := 0; n < calls; n++ {
		caller, moment := n%callers, int64(n)*100
		if free[caller] > moment {
			free[caller] = moment
		}
		start := free[caller] + chance.Int63n(moment-free[caller]+1)
		end := moment + 1 + chance.Int63n(int64(callers)*100)
		free[caller] = end
		var o *op
		if worker := "x" + string(rune('A'+n)); n%2 == 1 && open > 0 {
			open--
			works = append(works, "s"+worker)
			o = m.during("submission.post", worker, "ok", start, end, fields{"task": "t", "submission": "s" + worker})
			m.handedIn(worker, "s"+worker)
		} else {
			open, balance = open+1, balance-10
			more := fields{"task": "t", "input": fields{"delta": float64(1)},
				"answer": fields{"remainingCoins": int(balance), "task": fields{"required_workers": int(open)}}}
			if unknown > 0 && n%7 == 0 {
				unknown--
				o = m.during("task.slots", "b", "unknown", start, end, more)
				o.Answer = nil
			} else {
				o = m.during("task.slots", "b", "ok", start, end, more)
			}
		}
		o.Caller = caller
	}
	u := m.before.Users["b"]
	u.Coins += 10 * int64(calls)
	m.before.Users["b"] = u
	for _, o := range m.ops {
		if told, _ := o.Answer.(map[string]any); told["remainingCoins"] != nil {
			told["remainingCoins"] = told["remainingCoins"].(float64) + 10*float64(calls)
		}
	}
	m.ends("b", balance+10*int64(calls), 0, 0)
	m.taskEnds("active", open, works...)
	return m
}

// A round with everybody at one account and one task takes seconds, not minutes.
func TestHotRound(t *testing.T) {
	for _, c := range []struct{ calls, callers, unknown int }{{1000, 32, 0}, {1000, 32, 12}, {5000, 32, 0}} {
		m, begun := hot(c.calls, c.callers, c.unknown), time.Now()
		found, _ := judge(m.history, patience{first: time.Minute}, "")
		t.Logf("%d calls, %d callers, %d unknown: %v", c.calls, c.callers, c.unknown, time.Since(begun))
		for _, v := range found {
			t.Errorf("%s %s is %s at %s", v.Partition, v.About, v.Verdict, v.Hint)
		}
	}
}

// Sixty refunds that no call asked for, among calls that seldom tell of the balance: without the order of the commits no
// order of twenty is found in a minute.
func TestManyRowsOfTheService(t *testing.T) {
	m, begun := newMarket(), time.Now()
	chance := rand.New(rand.NewSource(3))
	balance := 1000
	for n := 0; n < 300; n++ {
		if n%5 == 0 {
			coins := 10 + chance.Intn(90)
			balance += coins
			m.row(fmt.Sprint("reject:x", n), "escrow:x", "user:b", int64(coins), nil)
		}
		balance += 1 + n%7
		o := m.call("admin.adjust", "a", "ok", fields{"of": "b", "input": fields{"coins": float64(1 + n%7)}})
		if n%9 == 8 {
			o.Answer = plain(fields{"user": fields{"coins": balance}})
		}
		m.row(fmt.Sprint("adjust:", n), "adjustments", "user:b", int64(1+n%7), o)
	}
	for n := range m.after.Ledger {
		m.after.Ledger[n].Place = n + 1
	}
	m.ends("b", int64(balance), 0, 0)
	if found, _ := judge(m.history, patience{first: 10 * time.Second}, ""); len(found) != 0 {
		t.Errorf("%+v after %v", found, time.Since(begun))
	}
}
