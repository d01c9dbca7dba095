package main

import "strings"

// What keeps a worker's role: work that is pending, and withdrawals. (A buyer's open tasks end by themselves, at moments that
// only the tasks know: rules/books.py compares those counters.)
type busyState struct {
	role               string
	works, withdrawals int
}

type busyPartition struct {
	partition[busyState]
}

// Workers of whom an admin asked another role.
func busyPartitions(w *world) []*busyPartition {
	workers := partsOf(w, newBusyPartition)
	for _, o := range w.ops {
		if id := o.target(); o.Kind == "admin.role" && w.before.Users[id].Role == "worker" && !w.removed[id] {
			workers.of(id)
		}
	}
	for _, o := range w.ops {
		w.shareBusy(o, workers.made)
	}
	for _, c := range workers.all {
		for _, r := range w.service {
			what, about, _ := strings.Cut(r.ID, ":") // reviewed at its age, or in a buyer's removal
			if (what == "approve" || what == "reject") && w.submissions[about].Worker == c.id {
				c.own(step[busyState]{name: r.ID, apply: adds(-1, 0)})
			}
		}
		c.lastLook()
	}
	return workers.all
}

func newBusyPartition(w *world, id string) *busyPartition {
	c := &busyPartition{newPartition[busyState](w, "account", id, "role")}
	c.first.role = w.before.Users[id].Role
	c.countBefore()
	return c
}

func (c *busyPartition) countBefore() {
	for _, t := range c.w.before.Tasks {
		for _, id := range t.Pending {
			if c.w.submissions[id].Worker == c.id {
				c.first.works++
			}
		}
	}
	for _, found := range c.w.before.Withdrawals {
		if found.Worker == c.id && found.Status == "pending" {
			c.first.withdrawals++
		}
	}
}

func (w *world) shareBusy(o *op, partitions map[string]*busyPartition) {
	e := w.effect(o)
	for _, r := range w.reviews(o) {
		if c := partitions[w.submissions[r.submission].Worker]; c != nil && r.effect != none {
			c.change(o, r.effect, step[busyState]{apply: adds(-1, 0)})
		}
	}
	switch o.Kind {
	case "submission.post":
		if c := partitions[o.Actor]; c != nil && e != none {
			c.change(o, e, step[busyState]{apply: adds(1, 0)})
		}
	case "withdrawal.post":
		if c := partitions[o.Actor]; c != nil && e != none {
			c.change(o, e, step[busyState]{apply: adds(0, 1)})
		}
	case "withdrawal.approve", "withdrawal.reject":
		if c := partitions[w.withdrawals[o.Withdrawal].Worker]; c != nil && e != none {
			c.change(o, e, step[busyState]{apply: adds(0, -1)})
		}
	case "admin.role":
		if c := partitions[o.target()]; c != nil {
			c.roleChanged(o, e)
		}
	}
}

func adds(works, withdrawals int) func(busyState) (busyState, bool) {
	return func(s busyState) (busyState, bool) {
		s.works += works
		s.withdrawals += withdrawals
		began := works > 0 || withdrawals > 0
		return s, s.works >= 0 && s.withdrawals >= 0 && (!began || s.role == "worker")
	}
}

func (c *busyPartition) roleChanged(o *op, e effect) {
	role := newRole(o)
	idle := func(s busyState) bool { return s.works == 0 && s.withdrawals == 0 }
	if e != none {
		c.change(o, e, step[busyState]{apply: func(s busyState) (busyState, bool) {
			legal := idle(s) || s.role == role
			s.role = role
			return s, legal
		}})
	} else if o.Code == "conflict" {
		c.look(o, step[busyState]{}, func(s busyState) bool {
			// one who is no worker any more may have open tasks, or be the last admin
			return !idle(s) || s.role != "worker"
		})
	}
}

func (c *busyPartition) lastLook() {
	c.last = func(is busyState) bool {
		return is.role == c.w.after.Users[c.id].Role
	}
}
