package main

import (
	"fmt"
	"strings"
	"time"
)

// A worker's clock may be so far ahead, in ms: a deadline has passed for it earlier than for others.
const clocksDiffer = 15 * 60 * 1000

// What a task is, for whoever works on it. A work's letter: ' ' not handed in, p pending, a approved, r rejected, d decided
// in an earlier round.
type taskState struct {
	status string // "" before it is posted
	open   int64
	works  string // of its workers, in the order of taskPartition.workers
}

type taskStep = step[taskState]

type taskPartition struct {
	partition[taskState]
	price   int64
	works   index // by worker, or by submission where the worker is not known
	expires bool  // its deadline passed in this round, at some time
	removal bool  // somebody was removed in this round
}

// Tasks are judged each by itself: its slots, its works, and how it ends.
func taskPartitions(w *world) []*taskPartition {
	tasks := partsOf(w, newTaskPartition)
	for _, o := range w.ops {
		for _, r := range w.reviews(o) {
			if id := w.submissions[r.submission].Task; id != "" {
				tasks.of(id).review(r)
			}
		}
		id := o.Task
		if id == "" && o.Kind == "submission.read" {
			id = w.submissions[o.Submission].Task
		}
		if _, known := w.tasks[id]; known {
			tasks.of(id).take(o)
		}
	}
	for id := range w.before.Tasks {
		tasks.of(id)
	}
	for _, c := range tasks.all {
		c.byItself()
		c.lastLook()
	}
	return tasks.all
}

func newTaskPartition(w *world, id string) *taskPartition {
	c := &taskPartition{partition: newPartition[taskState](w, "task", id, "task"), price: w.tasks[id].Price, works: index{},
		removal: len(w.removed) > 0}
	before, there := w.before.Tasks[id]
	if there {
		c.first = taskState{status: before.Status, open: before.Open}
	}
	for worker, submitted := range before.Submitted {
		c.first.works = set(c.first.works, c.works.of(worker), letterOf(w.before.Submissions[submitted].Status))
	}
	for _, submitted := range before.Pending {
		c.first.works = set(c.first.works, c.work(submitted), 'p')
	}
	c.expires = c.mayExpire()
	return c
}

// mayExpire: its deadline may have passed for a worker, whatever the deadline was by then.
func (c *taskPartition) mayExpire() bool {
	w := c.w
	passes := func(expires int64) bool {
		return expires > 0 && w.after.At > 0 && expires < w.after.At+clocksDiffer
	}
	if passes(int64(w.before.Tasks[c.id].Expires)) || passes(int64(w.after.Tasks[c.id].Expires)) {
		return true
	}
	for _, o := range w.ops {
		date, _ := time.Parse(time.RFC3339, text(o.Input, "completion_date"))
		if o.Task == c.id && (o.Code == "deadline_passed" || passes(date.UnixMilli())) {
			return true
		}
	}
	for _, r := range w.after.Ledger {
		if strings.HasPrefix(r.ID, "expire:"+c.id+":") {
			return true
		}
	}
	return false
}

// letterOf gives a status as a state has it.
func letterOf(status string) byte {
	switch status {
	case "approved":
		return 'a'
	case "rejected":
		return 'r'
	case "pending":
		return 'p'
	}
	return 'd'
}

// work is the place of a submission's letter: a worker has one for a task.
func (c *taskPartition) work(submitted string) int {
	if worker := c.w.submissions[submitted].Worker; worker != "" {
		return c.works.of(worker)
	}
	return c.works.of("submission " + submitted)
}

// thing is what a search knows a work by.
func thing(work int) string { return fmt.Sprint("work ", work) }

func (c *taskPartition) take(o *op) {
	e := c.w.effect(o)
	switch {
	case strings.HasSuffix(o.Kind, ".read"):
		if !strings.HasPrefix(o.Kind, "me.") {
			c.read(o)
		}
	case e == none:
		if o.refused() {
			c.refusal(o)
		}
	default:
		c.act(o, e)
	}
}

func (c *taskPartition) lastLook() {
	c.first.works = padded(c.first.works, len(c.works))
	after, there := c.w.after.Tasks[c.id]
	pending := map[int]bool{}
	for _, id := range after.Pending {
		pending[c.work(id)] = true
	}
	handedIn := map[int]byte{}
	for worker, submitted := range after.Submitted {
		handedIn[c.works.of(worker)] = letterOf(c.w.after.Submissions[submitted].Status)
	}
	c.last = func(is taskState) bool {
		if !there {
			return is.status == "" || len(c.w.after.Tasks) == 0
		}
		return is.status == after.Status && is.open == after.Open && agree(is.works, pending, handedIn, len(c.works))
	}
}

// agree: the works that are pending, and those that are there, are those of the database.
func agree(works string, pending map[int]bool, handedIn map[int]byte, count int) bool {
	for at := 0; at < count; at++ {
		is, found := get(works, at), handedIn[at]
		if (is == 'p') != pending[at] || (is != ' ') != (found != 0 || pending[at]) && len(handedIn) > 0 {
			return false
		}
		if found != 0 && found != 'd' && is != 'd' && is != found {
			return false
		}
	}
	return true
}
