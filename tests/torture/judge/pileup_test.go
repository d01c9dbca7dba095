package main

import (
	"fmt"
	"math/rand"
	"sort"
	"testing"
	"time"

	"github.com/anishathalye/porcupine"
)

// A pile-up: calls at one task that all hang while a primary is cut off, so that each may have come before any other. What
// they were answered is what one order of them gives; a part of the answers never came.
type pileUp struct {
	*market
	chance  *rand.Rand
	calls   int
	small   bool  // with more that is about one work, and outcomes that nobody knows
	apart   int64 // how far from its moment a call may have begun or ended, where not all hang at once
	now     int64 // which of them has its moment
	open    int64
	works   map[string]byte // by submission, as in a taskState
	pending []string        // of before, to be decided
	decided []string
}

var statuses = map[byte]string{'p': "pending", 'a': "approved", 'r': "rejected"}

func newPileUp(seed int64, calls int) *pileUp {
	p := &pileUp{market: newMarket(), chance: rand.New(rand.NewSource(seed)), calls: calls, open: int64(calls / 4),
		works: map[string]byte{"s": 'p'}}
	t := p.before.Tasks["t"]
	t.Open, t.Pending, t.Submitted = p.open, nil, map[string]string{"w": "s"}
	for n := 0; n < calls/3; n++ {
		id, worker := fmt.Sprint("old", n), fmt.Sprint("early", n)
		p.works[id], p.pending, t.Submitted[worker] = 'p', append(p.pending, id), id
		p.before.Submissions[id] = submission{Status: "pending", Task: "t", Worker: worker, Buyer: "b", Price: 10}
	}
	t.Pending = append([]string{"s"}, p.pending...)
	p.before.Tasks["t"] = t
	p.after.Tasks["t"] = task{Status: "active", Price: 10, Buyer: "b", Submitted: t.Submitted}
	return p
}

// hangs is a call that has its moment now.
func (p *pileUp) hangs(kind, actor, outcome string, more fields) *op {
	p.now++
	start, end := p.chance.Int63n(1000), 2000+p.chance.Int63n(1000)
	if p.apart > 0 {
		start, end = 100*p.now-p.chance.Int63n(p.apart), 100*p.now+p.chance.Int63n(p.apart)
	}
	o := p.during(kind, actor, outcome, start, end, more)
	o.Caller = o.N
	return o
}

// unheard takes the answer away from some calls that took effect; the rules know that they did.
func (p *pileUp) unheard(o *op) *op {
	if p.chance.Intn(5) == 0 {
		done := true
		o.Outcome, o.End, o.Answer, o.Effective = "unknown", nil, nil, &done
		o.Attempts[0].End = nil
		if p.small && p.chance.Intn(2) == 0 {
			o.Effective = nil
		}
	}
	return o
}

func (p *pileUp) booked(key string, coins int64, by *op) {
	p.row(key, "escrow:t", "user:b", coins, by)
	p.after.Ledger[len(p.after.Ledger)-1].Place = len(p.after.Ledger)
}

func (p *pileUp) handIn() {
	worker := fmt.Sprint("x", p.now)
	if p.open == 0 {
		p.hangs("submission.post", worker, "no_open_slot", fields{"task": "t"})
		return
	}
	p.open--
	id := "s" + worker
	p.works[id] = 'p'
	p.handedIn(worker, id)
	if p.small {
		p.pending = append(p.pending, id)
	}
	p.unheard(p.hangs("submission.post", worker, "ok", fields{"task": "t", "submission": id}))
}

func (p *pileUp) resize() {
	delta := p.chance.Int63n(4) - 1
	if delta <= 0 {
		delta--
	}
	if p.open+delta < 0 {
		delta = 1
	}
	p.open += delta
	o := p.hangs("task.slots", "b", "ok", fields{"task": "t", "input": fields{"delta": float64(delta)},
		"answer": fields{"task": fields{"required_workers": int(p.open)}}})
	p.booked(fmt.Sprint("slots:", o.N), delta*10, o)
	p.unheard(o)
}

func (p *pileUp) decide() {
	if len(p.pending) == 0 {
		p.look()
		return
	}
	at := p.chance.Intn(len(p.pending))
	id := p.pending[at]
	p.pending = append(p.pending[:at], p.pending[at+1:]...)
	p.decided = append(p.decided, id)
	more := fields{"task": "t", "submission": id}
	if p.chance.Intn(2) == 0 {
		p.works[id] = 'r'
		p.open++
		p.unheard(p.hangs("submission.reject", "b", "ok", more))
		return
	}
	p.works[id] = 'a'
	o := p.hangs("submission.approve", "b", "ok", more)
	p.booked("approve:"+id, 10, o)
	p.unheard(o)
}

// lost is a call that nobody knows the outcome of, and that came to nothing.
func (p *pileUp) lost() {
	kind, more := "submission.reject", fields{"task": "t", "submission": p.some()}
	if p.chance.Intn(2) == 0 {
		kind = "submission.post"
		delete(more, "submission")
	}
	p.hangs(kind, fmt.Sprint("x", p.now), "unknown", more)
}

func (p *pileUp) readWork() {
	id := p.some()
	p.hangs("submission.read", "b", "ok", fields{"task": "t", "submission": id,
		"answer": fields{"submission": fields{"status": statuses[p.works[id]]}}})
}

// some is a work that is there.
func (p *pileUp) some() string {
	var all []string
	for id := range p.works {
		all = append(all, id)
	}
	sort.Strings(all)
	return all[p.chance.Intn(len(all))]
}

func (p *pileUp) look() {
	switch n := p.chance.Intn(4); {
	case n == 0 && len(p.decided) > 0:
		p.hangs("submission.approve", "b", "already_processed", fields{"task": "t",
			"submission": p.decided[p.chance.Intn(len(p.decided))]})
	case n == 1:
		p.hangs("submission.post", "w", "already_submitted", fields{"task": "t"})
	default:
		p.hangs("task.read", "v", "ok", fields{"task": "t",
			"answer": fields{"status": "active", "required_workers": int(p.open)}})
	}
}

func (p *pileUp) cancelIt() {
	o := p.hangs("task.cancel", "b", "ok", fields{"task": "t", "answer": fields{"refundedAmount": int(p.open * 10)}})
	p.booked("cancel:t", p.open*10, o)
	p.hangs("submission.post", "v", "not_found", fields{"task": "t"})
	p.open = 0
	t := p.after.Tasks["t"]
	t.Status = "cancelled"
	p.after.Tasks["t"] = t
}

// A pile-up that is not legal differs from a legal one by this.
var wrongs = []struct {
	name  string
	spoil func(p *pileUp)
}{
	{"a slot that is lost", func(p *pileUp) { p.open-- }},
	{"a slot sold twice", func(p *pileUp) {
		p.hangs("submission.post", "w", "ok", fields{"task": "t", "submission": "s"})
		p.open--
	}},
	{"a count that never was", func(p *pileUp) {
		p.hangs("task.read", "v", "ok", fields{"task": "t", "answer": fields{"required_workers": 4 * p.calls}})
	}},
	{"work decided twice", func(p *pileUp) {
		p.hangs("submission.approve", "b", "ok", fields{"task": "t", "submission": p.decided[0]})
	}},
	{"refused as decided, which it never was", func(p *pileUp) {
		p.hangs("submission.approve", "b", "already_processed", fields{"task": "t", "submission": "s"})
	}},
}

func (p *pileUp) fill() {
	does := []func(){p.handIn, p.handIn, p.resize, p.decide, p.look}
	if p.small {
		does = append(does, p.decide, p.readWork, p.readWork, p.lost)
	}
	for len(p.ops) < p.calls {
		does[p.chance.Intn(len(does))]()
	}
}

// ended writes down what the last look sees.
func (p *pileUp) ended() {
	t := p.after.Tasks["t"]
	t.Open = p.open
	for id, letter := range p.works {
		p.after.Submissions[id] = submission{Status: statuses[letter], Task: "t"}
		if letter == 'p' {
			t.Pending = append(t.Pending, id)
		}
	}
	p.after.Tasks["t"] = t
	p.during("me.read", "nobody", "ok", 4000, 4001, fields{}) // the round goes on for a while
}

// partition is the pile-up's task as it is judged; its buyer's coins are not reckoned here.
func (p *pileUp) partition() *taskPartition {
	for _, c := range taskPartitions(newWorld(p.history)) {
		if c.id == "t" {
			return c
		}
	}
	panic("nothing is judged")
}

// Pile-ups are decided within seconds, those that are legal and those that are not.
func TestPileUps(t *testing.T) {
	decide := func(seed int64, calls int, cancelled bool, expected, name string, spoil func(*pileUp)) {
		p := newPileUp(seed, calls)
		p.fill()
		spoil(p)
		if cancelled {
			p.cancelIt()
		}
		p.ended()
		begun := time.Now()
		c := p.partition()
		if said := c.decide(20 * time.Second); said != expected {
			t.Errorf("%s, %d calls, seed %d, cancelled %v: %s after %v", name, calls, seed, cancelled, said, time.Since(begun))
		}
	}
	for seed := int64(1); seed <= 5; seed++ {
		for _, cancelled := range []bool{false, true} {
			calls := 30 + 10*int(seed)
			decide(seed, calls, cancelled, isLegal, "legal", func(*pileUp) {})
			for _, wrong := range wrongs {
				decide(seed, calls, cancelled, isIllegal, wrong.name, wrong.spoil)
			}
		}
	}
}

// Where porcupine does not come to an end, an order is legal because it is one, not because the search says so.
func TestWhatIsNoOrderIsNotBelieved(t *testing.T) {
	p := newPileUp(3, 80)
	p.fill()
	p.ended()
	c := p.partition()
	_, order := c.search(true, 20*time.Second)
	if said := c.byPorcupine(order, 20*time.Second); said != isLegal {
		t.Fatal(said)
	}
	for i, one := range order {
		if !one.maybe {
			order = append(order[:i:i], order[i+1:]...)
			break
		}
	}
	if said := c.byPorcupine(order, 20*time.Second); said != isUnknown {
		t.Errorf("a step is missing: %s", said)
	}
	early, late := &step[int64]{call: 1, end: 2}, &step[int64]{call: 3, end: 4}
	if inTime([]*step[int64]{late, early}) || !inTime([]*step[int64]{early, late}) {
		t.Error("the one was over when the other was called")
	}
}

// lie changes what was answered or seen, at times.
func (p *pileUp) lie() {
	switch o := p.ops[p.chance.Intn(len(p.ops))]; p.chance.Intn(5) {
	case 0:
		p.open += p.chance.Int63n(3) - 1
	case 1:
		wrongs[p.chance.Intn(3)].spoil(p)
	case 2:
		if shown, _ := o.Answer.(map[string]any); shown["required_workers"] != nil {
			shown["required_workers"] = float64(p.chance.Intn(8))
		}
	case 3:
		if work, _ := member(o.Answer, "submission").(map[string]any); work != nil {
			work["status"] = []string{"pending", "approved", "rejected"}[p.chance.Intn(3)]
		}
	}
}

// The search says of small histories what porcupine says, which leaves nothing out.
func TestSearchAsPorcupine(t *testing.T) {
	said := map[string]int{}
	for seed := int64(1); seed <= 8000; seed++ {
		p := newPileUp(seed, 4+int(seed%6))
		p.small, p.apart = true, 100*(seed%5)
		p.fill()
		lies := seed%3 > 0
		if lies {
			p.lie()
		}
		p.ended()
		rows := p.after.Ledger
		for n := range rows {
			switch seed % 4 {
			case 0: // as if they had been committed the other way round
				rows[n].Place = len(rows) - n
			case 1:
				rows[n].Place = 0
			}
		}
		c := p.partition()
		mine, _ := c.search(true, time.Minute)
		theirs := isIllegal
		if porcupine.CheckOperations(c.model(), c.operations()) {
			theirs = isLegal
		}
		if mine != theirs {
			t.Errorf("seed %d: %s, porcupine says %s", seed, mine, theirs)
		}
		said[mine]++
	}
	if said[isLegal] < 500 || said[isIllegal] < 500 {
		t.Errorf("they are too much alike: %v", said)
	}
}
