package main

import (
	"fmt"
	"os"
	"path/filepath"
	"strings"
	"time"

	"github.com/anishathalye/porcupine"
)

// How long porcupine looks for an order where the search has one to propose.
const porcupineTries = 2 * time.Second

// A moment is a state, the place of the last step that has one, and whether the last look was taken.
type moment[S comparable] struct {
	state  S
	placed int
	over   bool
}

func (c *partition[S]) model() porcupine.Model {
	return porcupine.Model{
		Init: func() interface{} { return moment[S]{state: c.first} },
		Step: func(state, input, _ interface{}) (bool, interface{}) {
			s, m := input.(*step[S]), state.(moment[S])
			switch {
			case m.over:
				return s.maybe, m
			case s.apply == nil:
				return c.last == nil || c.last(m.state), moment[S]{m.state, m.placed, true}
			case s.place > 0 && s.place < m.placed:
				return false, m
			case s.place > 0:
				m.placed = s.place
			}
			next, ok := s.apply(m.state)
			return ok, moment[S]{state: next, placed: m.placed}
		},
		DescribeOperation: func(input, _ interface{}) string { return input.(*step[S]).name },
		DescribeState:     func(state interface{}) string { return fmt.Sprintf("%+v", state.(moment[S]).state) },
	}
}

// operations are the steps, and behind them the last look, which has no apply.
func (c *partition[S]) operations() []porcupine.Operation {
	var all []porcupine.Operation
	for i := range c.steps {
		s := &c.steps[i]
		caller := 0 // the service itself
		if s.op != nil {
			caller = s.op.Caller + 1
		}
		all = append(all, porcupine.Operation{ClientId: caller, Input: s, Call: s.call, Return: s.end})
	}
	end := c.end + 2
	return append(all, porcupine.Operation{Input: &step[S]{name: "the last look at it"}, Call: end, Return: end})
}

// byPorcupine is porcupine's verdict on the steps as they are; where it does not come to an end with those in time, on the order
// that the search found. It knows nothing of what the search leaves out, nor of the order of the commits.
func (c *partition[S]) byPorcupine(order []*step[S], timeout time.Duration) string {
	tries := porcupineTries
	if order == nil {
		tries = timeout
	}
	switch porcupine.CheckOperationsTimeout(c.model(), c.operations(), tries) {
	case porcupine.Ok:
		return isLegal
	case porcupine.Illegal:
		return isIllegal
	}
	if order == nil || !inTime(order) || porcupine.CheckOperationsTimeout(c.model(), c.inARow(order), timeout) != porcupine.Ok {
		return isUnknown
	}
	return isLegal
}

// inTime says whether no step comes after one that was called when it was over.
func inTime[S comparable](order []*step[S]) bool {
	var called int64
	for _, one := range order {
		if one.call > called {
			called = one.call
		}
		if one.end < called {
			return false
		}
	}
	return true
}

// inARow are the operations one after the other in this order; then the last look, and what the order lacks.
func (c *partition[S]) inARow(order []*step[S]) []porcupine.Operation {
	at := map[*step[S]]int64{}
	for i, one := range order {
		at[one] = int64(i)
	}
	all := c.operations()
	for i := range all {
		moment, taken := at[all[i].Input.(*step[S])]
		if !taken {
			moment = int64(len(order) + len(all) - i) // the last look stands behind all others
		}
		all[i].Call, all[i].Return = 2*moment, 2*moment+1
	}
	return all
}

// draw returns the picture's file; empty: there is none.
func (c *partition[S]) draw(folder string, timeout time.Duration) string {
	file := filepath.Join(folder, strings.ReplaceAll(c.name+" "+c.about, " ", "-")+".html")
	_, info := porcupine.CheckOperationsVerbose(c.model(), c.operations(), timeout)
	if err := porcupine.VisualizePath(c.model(), info, file); err != nil {
		fmt.Fprintln(os.Stderr, err)
		return ""
	}
	return file
}
