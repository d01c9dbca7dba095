package main

import (
	"fmt"
	"strings"
)

// What answers tell of a task: reads, and refusals, each of which was true at some moment.

func gone(s taskState) bool { return s.status == "" || s.status == "cancelled" }

func (c *taskPartition) reviewRefused(r review, at int) {
	if !r.op.refused() && !r.op.ok() {
		return
	}
	told := taskStep{name: r.submission + " " + r.code, thing: thing(at)}
	switch r.code {
	case "already_processed":
		c.look(r.op, told, func(s taskState) bool { return strings.IndexByte("ard", get(s.works, at)) >= 0 })
	case "not_found":
		c.look(r.op, told, func(s taskState) bool { return get(s.works, at) == ' ' })
	case "conflict":
		if !c.expires && !c.removal {
			c.look(r.op, told, func(s taskState) bool { return s.status != "active" })
		}
	}
}

func (c *taskPartition) refusal(o *op) {
	switch o.Kind {
	case "submission.post":
		c.handInRefused(o)
	case "task.slots":
		c.slotsRefused(o)
	case "task.write", "task.cancel", "admin.task_cancel":
		if o.Code == "not_found" {
			c.look(o, taskStep{}, gone)
		}
	}
}

func (c *taskPartition) handInRefused(o *op) {
	at := c.works.of(o.Actor)
	switch o.Code {
	case "no_open_slot":
		c.look(o, taskStep{thing: thing(at)}, func(s taskState) bool {
			return !gone(s) && (s.open == 0 || s.status != "active") && get(s.works, at) == ' '
		})
	case "already_submitted":
		c.look(o, taskStep{thing: thing(at)}, func(s taskState) bool { return !gone(s) && get(s.works, at) != ' ' })
	case "deadline_passed":
		c.look(o, taskStep{}, func(s taskState) bool { return !gone(s) })
	case "not_found":
		c.look(o, taskStep{}, gone)
	}
}

func (c *taskPartition) slotsRefused(o *op) {
	delta := number(o.Input, "delta")
	beyond := func(s taskState) bool { return delta != nil && outside(s.open+*delta) }
	switch {
	case o.Code == "not_found":
		c.look(o, taskStep{}, gone)
	case o.Code == "conflict" && !c.expires && !c.removal:
		c.look(o, taskStep{}, func(s taskState) bool { return s.status != "active" || beyond(s) })
	case o.Code == "invalid_input":
		wrong := delta == nil || *delta == 0 || text(o.Input, "spoiled") != ""
		c.look(o, taskStep{}, func(s taskState) bool { return wrong || beyond(s) })
	}
}

func (c *taskPartition) read(o *op) {
	told := taskStep{reads: true}
	switch {
	case o.Kind == "submission.read" && o.ok():
		at := c.work(o.Submission)
		status := letterOf(text(o.Answer, "submission", "status"))
		told.name, told.thing = string(status), thing(at)
		c.look(o, told, func(s taskState) bool {
			is := get(s.works, at)
			return is == status || is == 'd' && status != 'p'
		})
	case o.Kind == "task.read" && o.ok():
		told.name = fmt.Sprint(text(shown(o, "task"), "status"), " ", member(shown(o, "task"), "required_workers"))
		c.look(o, told, func(s taskState) bool { return s.status != "" && shows(o, s) })
	case o.Kind == "task.read" && o.refused() && o.Code == "not_found":
		c.look(o, told, gone)
	}
}

// shows says whether an answer's task is the task as it is.
func shows(o *op, s taskState) bool {
	status, open := text(shown(o, "task"), "status"), number(shown(o, "task"), "required_workers")
	return (status == "" || status == s.status) && (open == nil || *open == s.open)
}
