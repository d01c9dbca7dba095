package main

import (
	"fmt"
	"strings"
)

// What an account has. A withdrawal's letter: ' ' not asked for, p pending, a approved, r rejected, d neither.
// A payment's: ' ' not credited, c credited.
type coinState struct {
	there             bool
	coins, held, owed int64
	withdrawals, paid string
}

type coinPartition struct {
	partition[coinState]
	withdrawals index
	payments    index
	reversals   map[string]int // operations that told of money that went back, by payment
	loose       bool           // what is owed cannot be reckoned: the journal's repayments are believed
}

// Accounts are judged each by itself: every credit and debit, and every balance that an answer told.
func coinPartitions(w *world) []*coinPartition {
	accounts := partsOf(w, newCoinPartition)
	for id := range w.before.Users {
		accounts.of(id)
	}
	for _, o := range w.ops {
		if id := o.registered(); o.Kind == "auth.register" && w.effect(o) == certain && id != "" {
			accounts.of(id)
		}
	}
	for _, c := range accounts.all {
		c.countReversals()
	}
	for _, o := range w.ops {
		w.share(o, func(id string, act func(*coinPartition)) {
			if c := accounts.made[id]; c != nil {
				act(c)
			}
		})
	}
	for _, c := range accounts.all {
		c.byItself()
		c.lastLook()
	}
	return accounts.all
}

func newCoinPartition(w *world, id string) *coinPartition {
	c := &coinPartition{partition: newPartition[coinState](w, "account", id, "coins"), withdrawals: index{}, payments: index{},
		reversals: map[string]int{}}
	if u, there := w.before.Users[id]; there {
		c.first = coinState{there: true, coins: u.Coins, held: u.Pending, owed: u.Owed}
	}
	for wid, found := range w.before.Withdrawals {
		if found.Worker == id {
			c.first.withdrawals = set(c.first.withdrawals, c.withdrawals.of(wid), letterOf(found.Status))
		}
	}
	for pid, found := range w.before.Payments {
		if found.Buyer == id && found.Status == "completed" {
			c.first.paid = set(c.first.paid, c.payments.of(pid), 'c')
		}
	}
	return c
}

// registered is the new user's id.
func (o *op) registered() string {
	if id := text(o.Answer, "user", "_id"); id != "" {
		return id
	}
	if len(o.Accounts) > 0 {
		return o.Accounts[0]
	}
	return ""
}

// shareReview gives a review to those whose coins it moves: the worker's, or, where the task is over, its buyer's.
func (w *world) shareReview(r review, to func(string, func(*coinPartition))) {
	found := w.submissions[r.submission]
	if r.approve {
		to(found.Worker, func(c *coinPartition) { c.earn(r, w.tasks[found.Task].Price) })
	} else if refund, refunded := w.rows["reject:"+r.submission]; refunded {
		to(w.tasks[found.Task].Buyer, func(c *coinPartition) { c.income(r.op, r.effect, refund.ID, refund.Coins, nil) })
	}
}

// share gives an operation to those whose coins it moves or shows.
func (w *world) share(o *op, to func(string, func(*coinPartition))) {
	e := w.effect(o)
	for _, r := range w.reviews(o) {
		if r.effect != none {
			w.shareReview(r, to)
		}
	}
	switch o.Kind {
	case "me.read":
		to(o.Actor, func(c *coinPartition) { c.read(o) })
	case "auth.register":
		to(o.registered(), func(c *coinPartition) { c.register(o, e) })
	case "task.post", "task.slots", "withdrawal.post":
		to(o.Actor, func(c *coinPartition) { c.spending(o, e) })
	case "task.cancel", "admin.task_cancel":
		to(w.tasks[o.Task].Buyer, func(c *coinPartition) { c.cancelled(o, e) })
	case "admin.adjust":
		to(o.target(), func(c *coinPartition) { c.adjusted(o, e) })
	case "withdrawal.approve", "withdrawal.reject":
		to(w.withdrawals[o.Withdrawal].Worker, func(c *coinPartition) { c.decided(o, e) })
	case "payment.dummy", "payment.purchase", "payment.confirm", "payment.webhook":
		to(w.payments[o.Payment].Buyer, func(c *coinPartition) { c.credited(o, e) })
	case "payment.refund", "payment.dispute", "payment.dispute_closed":
		to(w.payments[o.Payment].Buyer, func(c *coinPartition) { c.wentBack(o, e) })
	}
}

// see is what an answer told of the balance: coins (and held) after the operation.
type see struct{ coins, held *int64 }

func (v *see) agrees(s coinState) bool {
	return v == nil || (v.coins == nil || *v.coins == s.coins) && (v.held == nil || *v.held == s.held)
}

// moves adds what an operation did to coins that are there.
func (c *coinPartition) moves(o *op, e effect, more string, told *see, apply func(coinState) (coinState, bool)) {
	c.change(o, e, step[coinState]{name: more, place: c.placeOf(o), apply: func(s coinState) (coinState, bool) {
		if !s.there {
			return s, false
		}
		s, legal := apply(s)
		return s, legal && s.coins >= 0 && s.held >= 0 && told.agrees(s)
	}})
}

// placeOf says where among the commits an operation's rows about this account stand, if they stand together.
func (c *coinPartition) placeOf(o *op) int {
	place := 0
	for _, r := range c.w.rowsOf[o] {
		if account := "user:" + c.id; r.From != account && r.To != account {
			continue
		}
		if place != 0 && place != r.Place {
			return 0
		}
		place = r.Place
	}
	return place
}

// sees adds what a refusal told of the account.
func (c *coinPartition) sees(o *op, more string, told func(coinState) bool) {
	c.look(o, step[coinState]{name: more}, told)
}

// gain: what comes to somebody who owes pays that first.
func (c *coinPartition) gain(s coinState, key string, coins int64) coinState {
	paid := least(s.owed, coins)
	if c.loose {
		paid = c.w.rows["repay:"+key].Coins
	}
	s.coins += coins - paid
	if !c.loose {
		s.owed -= paid
	}
	return s
}

func least(a, b int64) int64 {
	if a < b {
		return a
	}
	return b
}

func (c *coinPartition) income(o *op, e effect, key string, coins int64, told *see) {
	c.moves(o, e, fmt.Sprintf("%s %+d", key, coins), told, func(s coinState) (coinState, bool) {
		return c.gain(s, key, coins), true
	})
}

func (c *coinPartition) earn(r review, price int64) {
	told := &see{coins: number(r.op.Answer, "workerNewBalance")}
	if !r.op.ok() || r.op.Kind == "submission.review" {
		told = nil
	}
	c.income(r.op, r.effect, "approve:"+r.submission, price, told)
}

func (c *coinPartition) register(o *op, e effect) {
	if e != certain {
		return
	}
	coins := int64(10)
	if text(o.Input, "role") == "buyer" || text(o.Answer, "user", "role") == "buyer" {
		coins = 50
	}
	told := number(o.Answer, "user", "coins")
	c.change(o, e, step[coinState]{place: c.placeOf(o), apply: func(s coinState) (coinState, bool) {
		legal := !s.there && (told == nil || *told == coins)
		s.there, s.coins = true, coins
		return s, legal
	}})
}

func (c *coinPartition) read(o *op) {
	user := shown(o, "user")
	coins, held, owed := number(user, "coins"), number(user, "pending_coins"), number(user, "owed_coins")
	if !o.ok() || coins == nil {
		return
	}
	c.look(o, step[coinState]{name: fmt.Sprint(*coins), reads: true}, func(s coinState) bool {
		told := see{coins, held}
		return s.there && told.agrees(s) && (owed == nil || c.loose || *owed == s.owed)
	})
}

// cost is what a call asks to pay; below 0 something comes back.
func (c *coinPartition) cost(o *op) *int64 {
	var cost int64
	switch o.Kind {
	case "task.post":
		open, price := number(o.Input, "required_workers"), number(o.Input, "payable_amount")
		if open == nil || price == nil {
			return nil
		}
		cost = *open * *price
	case "task.slots":
		delta := number(o.Input, "delta")
		if _, known := c.w.tasks[o.Task]; delta == nil || !known {
			return nil
		}
		cost = *delta * c.w.tasks[o.Task].Price
	default:
		return number(o.Input, "withdrawal_coin")
	}
	return &cost
}

func (c *coinPartition) spending(o *op, e effect) {
	cost := c.cost(o)
	if cost == nil {
		return
	}
	if e == none {
		c.cannotPay(o, *cost)
		return
	}
	told := &see{coins: number(o.Answer, "remainingCoins")}
	if *cost < 0 {
		c.income(o, e, c.keyOf(o, "slots:"), -*cost, told)
		return
	}
	at := -1
	if o.Kind == "withdrawal.post" {
		at = c.withdrawals.of(o.Withdrawal)
		told = &see{number(o.Answer, "coins"), number(o.Answer, "pending_coins")}
	}
	c.moves(o, e, fmt.Sprintf("%+d", -*cost), told, func(s coinState) (coinState, bool) {
		legal := s.coins >= *cost && (c.loose || s.owed == 0)
		s.coins -= *cost
		if at >= 0 {
			legal = legal && get(s.withdrawals, at) == ' '
			s.held += *cost
			s.withdrawals = set(s.withdrawals, at, 'p')
		}
		return s, legal
	})
}

// keyOf finds the key of the row that an operation wrote.
func (c *coinPartition) keyOf(o *op, prefix string) string {
	if r := c.w.rowOf(o, prefix); r.ID != "" {
		return r.ID
	}
	return prefix
}

func (c *coinPartition) cannotPay(o *op, cost int64) {
	required, available := number(o.Answer, "required"), number(o.Answer, "available")
	switch o.Code {
	case "insufficient_coins":
		if available != nil && required != nil {
			c.sees(o, fmt.Sprint("has ", *available), func(s coinState) bool {
				return *required == cost && cost > s.coins && *available == s.coins
			})
			return
		}
		c.sees(o, "", func(s coinState) bool { return cost > s.coins || s.owed > 0 || c.loose || !s.there })
	case "coins_owed":
		c.sees(o, "", func(s coinState) bool { return s.owed > 0 || c.loose })
	}
}

func (c *coinPartition) cancelled(o *op, e effect) {
	key := c.keyOf(o, "cancel:")
	coins := number(o.Answer, "refundedAmount")
	if r, there := c.w.rows[key]; coins == nil && there {
		coins = &r.Coins
	}
	if e != none && coins != nil && *coins != 0 {
		c.income(o, e, key, *coins, nil)
	}
}

func (c *coinPartition) adjusted(o *op, e effect) {
	coins := number(o.Input, "coins")
	switch {
	case coins == nil:
	case e == none && o.Code == "insufficient_coins":
		available := number(o.Answer, "available")
		c.sees(o, "", func(s coinState) bool {
			return s.coins < -*coins && (available == nil || *available == s.coins)
		})
	case e == none:
	default:
		told := &see{number(o.Answer, "user", "coins"), number(o.Answer, "user", "pending_coins")}
		key := c.keyOf(o, "adjust:")
		c.moves(o, e, fmt.Sprintf("%+d", *coins), told, func(s coinState) (coinState, bool) {
			if *coins >= 0 {
				return c.gain(s, key, *coins), true
			}
			s.coins += *coins
			return s, s.coins >= 0
		})
	}
}

func (c *coinPartition) decided(o *op, e effect) {
	at, coins := c.withdrawals.of(o.Withdrawal), c.w.withdrawals[o.Withdrawal].Coins
	if e == none {
		c.sees(o, "", func(s coinState) bool {
			is := get(s.withdrawals, at)
			switch o.Code {
			case "already_processed":
				return is == 'a' || is == 'r' || is == 'd'
			case "coins_owed":
				return s.owed > 0 || c.loose
			case "not_found":
				return is == ' '
			}
			return true
		})
		return
	}
	approve := o.Kind == "withdrawal.approve"
	told := &see{coins: number(o.Answer, "workerNewBalance")}
	c.moves(o, e, o.Withdrawal, told, func(s coinState) (coinState, bool) {
		return c.settled(s, at, o.Withdrawal, coins, approve)
	})
}

func (c *coinPartition) settled(s coinState, at int, id string, coins int64, approve bool) (coinState, bool) {
	legal := get(s.withdrawals, at) == 'p' && (!approve || s.owed == 0 || c.loose)
	s.held -= coins
	s.withdrawals = set(s.withdrawals, at, map[bool]byte{true: 'a', false: 'r'}[approve])
	if !approve {
		s = c.gain(s, "release:"+id, coins)
	}
	return s, legal && s.held >= 0
}

func (c *coinPartition) lastLook() {
	for _, r := range c.w.service { // known before the first step
		if what, about, _ := strings.Cut(r.ID, ":"); what == "release" && c.w.withdrawals[about].Worker == c.id {
			c.withdrawals.of(about)
		}
	}
	c.first.withdrawals = padded(c.first.withdrawals, len(c.withdrawals))
	c.first.paid = padded(c.first.paid, len(c.payments))
	after, there := c.w.after.Users[c.id]
	c.last = func(is coinState) bool {
		if !there {
			return c.w.removed[c.id]
		}
		return is.there && is.coins == after.Coins && is.held == after.Pending && (c.loose || is.owed == after.Owed)
	}
}
