package main

import "fmt"

const slotsMost = 10000

// What calls do to a task.

func (c *taskPartition) act(o *op, e effect) {
	switch o.Kind {
	case "task.post":
		c.posted(o, e)
	case "task.slots":
		c.resized(o, e)
	case "task.write":
		if e == certain { // else it would change nothing here
			c.written(o)
		}
	case "task.cancel", "admin.task_cancel":
		refunded := number(o.Answer, "refundedAmount")
		c.change(o, e, taskStep{place: c.w.rowOf(o, "cancel:"+c.id+":").Place, apply: c.cancelled(refunded)})
	case "submission.post":
		c.handedIn(o, e)
	}
}

func (c *taskPartition) posted(o *op, e effect) {
	open := c.w.tasks[c.id].Open
	if told := number(o.Input, "required_workers"); told != nil {
		open = *told
	}
	c.change(o, e, taskStep{name: fmt.Sprint(open, " × ", c.price), place: c.w.rowOf(o, "task:"+c.id).Place,
		apply: func(s taskState) (taskState, bool) {
			if s.status != "" {
				return s, false
			}
			s.status, s.open = "active", open
			return s, shows(o, s)
		}})
}

func (c *taskPartition) resized(o *op, e effect) {
	delta, kin := number(o.Input, "delta"), ""
	if delta == nil {
		return
	}
	if !o.ok() { // no answer tells them apart
		kin = fmt.Sprint("slots ", *delta)
	}
	c.change(o, e, taskStep{name: fmt.Sprintf("%+d", *delta), place: c.w.rowOf(o, "slots:").Place, kin: kin,
		apply: func(s taskState) (taskState, bool) {
			s.open += *delta
			return s, s.status == "active" && !outside(s.open) && shows(o, s)
		}})
}

// written: nothing of it is judged here but what it shows.
func (c *taskPartition) written(o *op) {
	there := func(s taskState) (taskState, bool) {
		return s, (s.status == "active" || s.status == "completed") && shows(o, s)
	}
	c.change(o, certain, taskStep{look: true, apply: there})
}

func (c *taskPartition) cancelled(coins *int64) func(taskState) (taskState, bool) {
	return func(s taskState) (taskState, bool) {
		legal := (s.status == "active" || s.status == "completed") && (coins == nil || s.open*c.price == *coins)
		s.status, s.open = "cancelled", 0
		return s, legal
	}
}

func (c *taskPartition) handedIn(o *op, e effect) {
	at := c.works.of(o.Actor)
	c.change(o, e, taskStep{name: "by " + o.Actor, thing: thing(at), kin: "hands in",
		apply: func(s taskState) (taskState, bool) {
			legal := s.status == "active" && s.open > 0 && get(s.works, at) == ' '
			s.open--
			s.works = set(s.works, at, 'p')
			return s, legal
		}})
}

func (c *taskPartition) review(r review) {
	switch at := c.work(r.submission); {
	case r.effect == none:
		c.reviewRefused(r, at)
	case r.approve:
		coins := number(r.op.Answer, "coinsAdded")
		c.change(r.op, r.effect, taskStep{name: r.submission, place: c.w.rowOf(r.op, "approve:"+r.submission).Place,
			thing: thing(at), kin: "approves",
			apply: func(s taskState) (taskState, bool) {
				s, legal := reviewed(s, at, 'a')
				return s, legal && (coins == nil || *coins == c.price)
			}})
	default:
		c.change(r.op, r.effect, taskStep{name: r.submission, place: c.w.rowOf(r.op, "reject:"+r.submission).Place,
			thing: thing(at), kin: fmt.Sprint("rejects ", c.refunded(r.submission)), apply: c.rejected(r.submission, at)})
	}
}

func reviewed(s taskState, at int, letter byte) (taskState, bool) {
	legal := get(s.works, at) == 'p'
	s.works = set(s.works, at, letter)
	return s, legal
}

// rejected: a rejected work's slot is open again, or, once the task is over, its price is the buyer's; the journal says which it
// was.
func (c *taskPartition) rejected(submitted string, at int) func(taskState) (taskState, bool) {
	refunded := c.refunded(submitted)
	return func(s taskState) (taskState, bool) {
		s, legal := reviewed(s, at, 'r')
		if refunded {
			return s, legal && (s.status == "cancelled" || c.expires || len(c.w.after.Ledger) == 0)
		}
		s.open++
		return s, legal && s.status == "active"
	}
}

func (c *taskPartition) refunded(submitted string) bool {
	_, there := c.w.rows["reject:"+submitted]
	return there
}

func outside(open int64) bool { return open < 0 || open > slotsMost }
