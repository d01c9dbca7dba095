package main

import "strings"

// What the service does to a task by itself: deadlines, what removals and age bring about, and the end of what is done.

func (c *taskPartition) byItself() {
	for _, r := range c.w.service {
		coins := r.Coins
		switch {
		case strings.HasPrefix(r.ID, "expire:"+c.id+":"):
			c.booked(r, taskStep{apply: func(s taskState) (taskState, bool) {
				legal := s.status == "active" && s.open > 0 && s.open*c.price == coins
				s.open = 0
				return s, legal
			}})
		case strings.HasPrefix(r.ID, "cancel:"+c.id+":"):
			c.booked(r, taskStep{apply: c.cancelled(&coins)})
		}
	}
	c.cancelledUntold()
	c.decidedUntold()
	c.completed()
}

// A removed buyer's task without open slots is cancelled without a row. Where a call of unknown outcome may have cancelled
// it, nobody else needs to have.
func (c *taskPartition) cancelledUntold() {
	if c.w.after.Tasks[c.id].Status != "cancelled" || c.first.status == "cancelled" ||
		!c.w.removed[c.w.tasks[c.id].Buyer] {
		return
	}
	unsure := false
	for _, o := range c.w.ops {
		if o.Task == c.id && strings.HasSuffix(o.Kind, "cancel") {
			if c.w.effect(o) == certain {
				return
			}
			unsure = unsure || c.w.effect(o) == maybe
		}
	}
	for _, r := range c.w.service {
		if strings.HasPrefix(r.ID, "cancel:"+c.id+":") {
			return
		}
	}
	nothing := int64(0)
	cancelled := c.cancelled(&nothing)
	c.own(taskStep{name: "cancels", apply: func(s taskState) (taskState, bool) {
		if unsure && s.status == "cancelled" {
			return s, true
		}
		return cancelled(s)
	}})
}

// What was decided and no call did: work approved after the review's days, which the journal tells, or rejected with one
// of its two parties gone.
func (c *taskPartition) decidedUntold() {
	told := map[string]effect{}
	for _, o := range c.w.ops {
		for _, r := range c.w.reviews(o) {
			if r.effect > told[r.submission] {
				told[r.submission] = r.effect
			}
		}
	}
	for id, after := range c.w.after.Submissions {
		known := told[id] == certain || letterOf(c.w.before.Submissions[id].Status) == letterOf(after.Status)
		if after.Task == c.id && !known {
			c.decidedAlone(id, after, told[id] == maybe)
		}
	}
}

func (c *taskPartition) decidedAlone(id string, after submission, unsure bool) {
	at := c.work(id)
	approval, approved := c.w.rows["approve:"+id]
	gone := c.w.removed[after.Worker] || c.w.removed[c.w.tasks[c.id].Buyer]
	if after.Status == "approved" && approved && c.w.writer[approval.RequestID] == nil {
		c.booked(approval, taskStep{thing: thing(at), apply: func(s taskState) (taskState, bool) {
			return reviewed(s, at, 'a')
		}})
	} else if after.Status == "rejected" && gone {
		rejected := c.rejected(id, at)
		c.own(taskStep{name: "rejects " + id, thing: thing(at), apply: func(s taskState) (taskState, bool) {
			if get(s.works, at) != 'p' {
				return s, unsure && get(s.works, at) == 'r'
			}
			return rejected(s)
		}})
	}
}

// A task without open slots and pending work is completed, within a second. Where nobody saw it, it makes no difference.
func (c *taskPartition) completed() {
	seen := c.w.after.Tasks[c.id].Status == "completed"
	for _, o := range c.w.ops {
		met := o.Kind == "task.slots" && o.Code == "conflict" && !c.expires
		seen = seen || o.Task == c.id && (met || o.ok() && text(shown(o, "task"), "status") == "completed")
	}
	if !seen || c.first.status == "completed" || c.first.status == "cancelled" {
		return
	}
	c.own(taskStep{name: "completes", apply: func(s taskState) (taskState, bool) {
		legal := s.status == "active" && s.open == 0 && strings.IndexByte(s.works, 'p') < 0
		s.status = "completed"
		return s, legal
	}})
}
