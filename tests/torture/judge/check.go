package main

import (
	"sort"
	"time"
)

// A step is what one operation does to one thing, and what it saw of it: apply says the state afterwards, and whether
// the operation could answer so in the state before. It takes effect at a moment between call and end.
type step[S comparable] struct {
	op        *op // nil: the service did it by itself
	name      string
	call, end int64
	look      bool   // it changes nothing, whatever the state
	reads     bool   // it is a look for its own sake
	maybe     bool   // nobody knows whether it took effect: it may as well come after the last look
	place     int    // among the commits, from 1; 0 where that is not known
	thing     string // what alone of the state it changes or looks at, beside what all of its kin do the same to
	kin       string // steps of one kin that differ in their things alone
	apply     func(S) (S, bool)
}

// A partition is one thing's first state and all steps that concern it.
type partition[S comparable] struct {
	w     *world
	id    string
	name  string // "task <id>"
	about string // "coins"
	first S
	steps []step[S]
	end   int64        // of the round
	last  func(S) bool // is it what the last look saw?
}

const (
	isLegal   = "ok"
	isIllegal = "illegal"
	isUnknown = "unknown" // neither was found in time
)

type verdict struct {
	Partition    string `json:"partition"`
	About        string `json:"about"`
	Verdict      string `json:"verdict"`
	Operations   []int  `json:"operations"`
	Hint         string `json:"hint,omitempty"`
	WithoutReads string `json:"without_reads,omitempty"` // would it be legal if nobody had looked?
	HTML         string `json:"html,omitempty"`
	What         string `json:"what"` // how the driver counts it
	Text         string `json:"text"` // and what it prints
}

type judgement interface {
	judge(timeout time.Duration, html string) verdict
}

// parts are made when they are first met, and kept in that order.
type parts[C any] struct {
	made  map[string]C
	all   []C
	build func(id string) C
}

func (p *parts[C]) of(id string) C {
	one, met := p.made[id]
	if !met {
		one = p.build(id)
		p.made[id] = one
		p.all = append(p.all, one)
	}
	return one
}

func partsOf[C any](w *world, build func(*world, string) C) *parts[C] {
	return &parts[C]{made: map[string]C{}, build: func(id string) C { return build(w, id) }}
}

func newPartition[S comparable](w *world, of, id, about string) partition[S] {
	return partition[S]{w: w, id: id, name: of + " " + id, about: about, end: w.end}
}

func (c *partition[S]) add(s step[S]) { c.steps = append(c.steps, s) }

// change adds what an operation did, or may have done; of the step only what is special is given.
func (c *partition[S]) change(o *op, e effect, s step[S]) {
	s.op, s.name, s.maybe = o, o.name(s.name), e == maybe
	s.call, s.end = c.w.window(o, e)
	c.add(s)
}

// look adds what an answer told of the state, if there is one.
func (c *partition[S]) look(o *op, s step[S], told func(S) bool) {
	call, end := o.answered()
	if end == nil {
		return
	}
	s.op, s.name, s.call, s.end, s.look = o, o.name(s.name), call, *end, true
	s.apply = func(state S) (S, bool) { return state, told(state) }
	c.add(s)
}

// own adds what the service did by itself, at some moment of the round; booked what only the journal tells.
func (c *partition[S]) own(s step[S]) {
	s.name, s.end = "the service: "+s.name, c.end
	c.add(s)
}

func (c *partition[S]) booked(r row, s step[S]) {
	s.name, s.place = "the service: "+r.ID, r.Place
	s.call, s.end = c.w.moments(r)
	c.add(s)
}

// decide: where the search, which looks first, finds that there is no order, there is none. Else porcupine has the word.
func (c *partition[S]) decide(timeout time.Duration) string {
	found, order := c.search(true, timeout)
	if found == isIllegal {
		return isIllegal
	}
	return c.byPorcupine(order, timeout)
}

func (c *partition[S]) judge(timeout time.Duration, html string) verdict {
	v := verdict{Partition: c.name, About: c.about, Verdict: c.decide(timeout)}
	if v.Verdict == isLegal {
		return v
	}
	v.Operations = c.numbers()
	if v.Verdict == isIllegal {
		v.WithoutReads, _ = c.search(false, timeout)
		v.Hint = c.hint(timeout)
	}
	if html != "" {
		v.HTML = c.draw(html, timeout)
	}
	return v
}

func (c *partition[S]) numbers() []int {
	found := map[int]bool{}
	for _, s := range c.steps {
		if s.op != nil {
			found[s.op.N] = true
		}
	}
	numbers := []int{}
	for n := range found {
		numbers = append(numbers, n)
	}
	sort.Ints(numbers)
	return numbers
}

// hint names the operation whose answer first leaves no order: by halves, how many of the steps, in the order of their
// ends, can still be put in one. Those that have not ended by then may have happened or not.
func (c *partition[S]) hint(timeout time.Duration) string {
	steps := append([]step[S](nil), c.steps...)
	sort.SliceStable(steps, func(i, j int) bool { return steps[i].end < steps[j].end })
	deadline := time.Now().Add(timeout)
	bad := sort.Search(len(steps), func(n int) bool {
		left := time.Until(deadline)
		return left > 0 && !c.possible(steps, n, left)
	})
	if bad == len(steps) {
		return "the last look at it"
	}
	return steps[bad].name
}

func (c *partition[S]) possible(steps []step[S], bad int, timeout time.Duration) bool {
	cut := &partition[S]{first: c.first, end: steps[bad].end - 1}
	for i, s := range steps {
		if s.call > steps[bad].end {
			continue
		}
		if i > bad {
			s.end, s.maybe = cut.end+3, true
		}
		cut.add(s)
	}
	found, _ := cut.search(true, timeout)
	return found != isIllegal
}
