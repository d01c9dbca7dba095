package main

import (
	"fmt"
	"strings"
)

// Coins that come and go without being asked for by their owner: payments that Stripe tells of, money that goes back, and
// what the service does by itself.

// credited: a payment is credited once, by whoever learns first that it was paid. A webhook is answered 200 whatever it
// says; the journal tells whether it credited.
func (c *coinPartition) credited(o *op, e effect) {
	key := "purchase:" + o.Payment
	at, coins := c.payments.of(o.Payment), c.w.payments[o.Payment].Coins
	r, booked := c.w.rows[key]
	if e == none || o.Kind == "payment.webhook" && !booked {
		return
	}
	by := c.w.writer[r.RequestID]
	first := o.Kind == "payment.dummy" || o.Kind == "payment.purchase"
	told := number(o.Answer, "newBalance")
	if c.reversals[o.Payment] > 0 || c.loose {
		told = nil // what was told before that the money went back is taken at once
	}
	c.moves(o, e, key, nil, func(s coinState) (coinState, bool) {
		if get(s.paid, at) == 'c' {
			return s, !first && (by != o || !booked)
		}
		if booked && by != o {
			return s, o.Kind == "payment.webhook"
		}
		s.paid = set(s.paid, at, 'c')
		s = c.gain(s, key, coins)
		return s, told == nil || *told == s.coins
	})
}

func tellsOfMoneyBack(o *op) bool {
	switch o.Kind {
	case "payment.refund", "payment.dispute", "payment.dispute_closed":
		return true
	}
	return false
}

func (c *coinPartition) countReversals() {
	first := map[string]int64{} // when a payment's money was first told of
	for _, o := range c.w.ops {
		if tellsOfMoneyBack(o) && c.w.payments[o.Payment].Buyer == c.id && c.w.effect(o) != none {
			if c.reversals[o.Payment]++; c.reversals[o.Payment] == 1 || o.Start < first[o.Payment] {
				first[o.Payment] = o.Start
			}
		}
	}
	for o, rows := range c.w.rowsOf {
		for _, r := range rows {
			told, met := first[o.Payment]
			_, end := c.w.window(o, certain)
			if strings.HasPrefix(r.ID, "reverse:") && r.From == "user:"+c.id && !tellsOfMoneyBack(o) && (!met || told > end) {
				c.loose = true // it was noted in an earlier round
			}
		}
	}
	for id, after := range c.w.after.Payments {
		told, moved := c.reversals[id], after.Reversed != c.w.before.Payments[id].Reversed
		if after.Buyer == c.id && (told > 1 || told == 0 && moved) {
			c.loose = true
		}
	}
	for _, r := range c.w.service {
		if r.From == "user:"+c.id && strings.HasPrefix(r.ID, "reverse:") && c.w.writer[r.RequestID] == nil {
			c.loose = true
		}
	}
}

// wentBack: where one operation told of a payment's money, the payment says how many coins that were; what the buyer no
// longer has is owed. Where several did, the journal's rows are taken for what each of them took (byItself).
func (c *coinPartition) wentBack(o *op, e effect) {
	coins := c.w.after.Payments[o.Payment].Reversed - c.w.before.Payments[o.Payment].Reversed
	if e == none || c.loose || coins == 0 {
		return
	}
	_, end := c.w.window(o, e)
	if e == certain && len(c.w.rowsOf[o]) == 0 {
		end = c.w.end // a payment may be completed, and the two be brought together, later
	}
	key := c.keyOf(o, "restore:")
	c.add(step[coinState]{op: o, name: o.name(fmt.Sprintf("%+d", -coins)), call: o.Start, end: end, maybe: e == maybe,
		apply: func(s coinState) (coinState, bool) {
			if coins < 0 {
				return c.gain(s, key, -coins), s.there
			}
			taken := least(s.coins, coins)
			s.coins -= taken
			s.owed += coins - taken
			return s, s.there
		}})
}

// byItself adds what the journal has of this account that no call did, and what calls did in ways that only it tells.
func (c *coinPartition) byItself() {
	account := "user:" + c.id
	for _, r := range c.w.service {
		if r.From == account || r.To == account {
			c.byRow(r)
		}
	}
	if !c.loose {
		return
	}
	for o, rows := range c.w.rowsOf {
		for _, r := range rows {
			back := strings.HasPrefix(r.ID, "reverse:") || strings.HasPrefix(r.ID, "restore:")
			if back && (r.From == account || r.To == account) && o.Kind != "admin.remove" {
				c.byRow(r)
			}
		}
	}
}

// byRow adds what a row says.
func (c *coinPartition) byRow(r row) {
	what, about, _ := strings.Cut(r.ID, ":")
	incoming := r.To == "user:"+c.id
	c.booked(r, step[coinState]{apply: func(s coinState) (coinState, bool) {
		if !s.there {
			return s, false
		}
		if what == "release" && c.w.withdrawals[about].Worker == c.id {
			return c.settled(s, c.withdrawals.of(about), about, r.Coins, false)
		}
		if what == "purchase" {
			at := c.payments.of(about)
			legal := get(s.paid, at) == ' '
			s.paid = set(s.paid, at, 'c')
			return c.gain(s, r.ID, r.Coins), legal
		}
		if incoming {
			return c.gain(s, r.ID, r.Coins), true
		}
		s.coins -= r.Coins
		return s, s.coins >= 0
	}})
}
