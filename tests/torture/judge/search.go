package main

import (
	"sort"
	"time"
)

// A search looks for an order of a partition's steps, depth first, as porcupine does (Wing and Gong's search, with Lowe's memory
// of where it has been), and tries less, by what is known of the steps. None of that hides an order which agrees with the commits':
//
//   - A look changes nothing, so it is taken as soon as it is true: whatever follows can follow then, too.
//   - Of steps of one kin the one that ends first is taken first: in an order in which another is, the two can change places.
//   - Changes whose commits' order is known come in that order.
//   - Of two ways that made the same changes and came to the same state, the second is given up if the first had taken all
//     of its looks, too.
type search[S comparable] struct {
	steps    []*step[S] // by their calls
	kin      []string
	next     []int // of each step, and behind them of the list's head: the next that is not taken
	former   []int
	places   []int // the steps whose commits' order is known, in that order
	placed   int   // how many of them are taken
	required int   // how many steps are still to be taken
	order    []int // those that are taken
	last     func(S) bool
	done     bits // the changes that are taken
	looked   bits // the looks
	seen     map[visit[S]][]bits
	deadline time.Time
	visits   int
	late     bool
}

// A visit is what was done and what came of it; to each the search remembers which looks were taken.
type visit[S comparable] struct {
	done  string
	state S
}

// search says what it found, and the order, where there is one; what may not have happened at all can be missing in it.
func (c *partition[S]) search(reads bool, timeout time.Duration) (string, []*step[S]) {
	s := &search[S]{last: c.last, seen: map[visit[S]][]bits{}, deadline: time.Now().Add(timeout)}
	for i := range c.steps {
		one := &c.steps[i]
		if one.reads && !reads || one.look && one.maybe {
			continue
		}
		s.steps = append(s.steps, one)
		if !one.maybe {
			s.required++
		}
	}
	s.prepare()
	switch found := s.from(c.first); {
	case found:
		return isLegal, s.inOrder()
	case s.late:
		return isUnknown, nil
	}
	return isIllegal, nil
}

func (s *search[S]) inOrder() []*step[S] {
	order := make([]*step[S], 0, len(s.order))
	for _, i := range s.order {
		order = append(order, s.steps[i])
	}
	return order
}

func (s *search[S]) prepare() {
	sort.SliceStable(s.steps, func(i, j int) bool { return s.steps[i].call < s.steps[j].call })
	head := len(s.steps)
	s.next, s.former = make([]int, head+1), make([]int, head+1)
	for i, one := range s.steps {
		s.next[i], s.former[i+1] = i+1, i
		if one.place > 0 {
			s.places = append(s.places, i)
		}
	}
	s.next[head], s.former[0] = 0, head
	sort.SliceStable(s.places, func(i, j int) bool { return s.steps[s.places[i]].place < s.steps[s.places[j]].place })
	s.done, s.looked = newBits(head), newBits(head)
	s.kin = s.kinOf()
}

// take and putBack are each other's opposite, in reverse order.
func (s *search[S]) take(i int) {
	s.next[s.former[i]], s.former[s.next[i]] = s.next[i], s.former[i]
	s.order = append(s.order, i)
	s.count(i, 1)
}

func (s *search[S]) putBack(i int) {
	s.next[s.former[i]], s.former[s.next[i]] = i, i
	s.order = s.order[:len(s.order)-1]
	s.count(i, -1)
}

func (s *search[S]) count(i, by int) {
	one := s.steps[i]
	if one.look {
		s.looked.flip(i)
	} else {
		s.done.flip(i)
	}
	if !one.maybe {
		s.required -= by
	}
	if one.place > 0 {
		s.placed += by
	}
}

// from says whether what is not taken can follow upon a state.
func (s *search[S]) from(state S) bool {
	looks := s.takeLooks(state)
	if s.required == 0 && (s.last == nil || s.last(state)) {
		return true
	}
	if !s.seenBefore(state) {
		for _, i := range s.choices() {
			if next, can := s.steps[i].apply(state); can {
				s.take(i)
				if s.from(next) {
					return true
				}
				s.putBack(i)
			}
			if s.tooLate() {
				break
			}
		}
	}
	for n := len(looks) - 1; n >= 0; n-- {
		s.putBack(looks[n])
	}
	return false
}

// open calls back with each step that may be next: it was called before any that is not taken was answered.
func (s *search[S]) open(each func(i int)) {
	head, answered := len(s.steps), int64(1<<63-1)
	for i := s.next[head]; i != head && s.steps[i].call <= answered; i = s.next[i] {
		if one := s.steps[i]; one.end < answered && !one.maybe {
			answered = one.end
		}
		each(i)
	}
}

// takeLooks takes all looks that are true now. Those may open others.
func (s *search[S]) takeLooks(state S) []int {
	var taken []int
	for more := true; more; {
		before := len(taken)
		s.open(func(i int) {
			if one := s.steps[i]; one.look {
				if _, is := one.apply(state); is {
					taken = append(taken, i)
				}
			}
		})
		for _, i := range taken[before:] {
			s.take(i)
		}
		more = len(taken) > before
	}
	return taken
}

// choices are the changes that may be next, those first that end first.
func (s *search[S]) choices() []int {
	var found []int
	first := map[string]int{}
	s.open(func(i int) {
		one := s.steps[i]
		if one.look || one.place > 0 && one.place > s.steps[s.places[s.placed]].place {
			return
		}
		if kin := s.kin[i]; kin == "" {
			found = append(found, i)
		} else if other, met := first[kin]; !met || one.end < s.steps[other].end {
			first[kin] = i
		}
	})
	for _, i := range first {
		found = append(found, i)
	}
	sort.Slice(found, func(a, b int) bool {
		x, y := s.steps[found[a]], s.steps[found[b]]
		return x.end < y.end || x.end == y.end && found[a] < found[b]
	})
	return found
}

func (s *search[S]) seenBefore(state S) bool {
	at := visit[S]{string(s.done), state}
	for _, looked := range s.seen[at] {
		if s.looked.within(looked) {
			return true
		}
	}
	s.seen[at] = append(s.seen[at], append(bits(nil), s.looked...))
	return false
}

func (s *search[S]) tooLate() bool {
	s.visits++
	s.late = s.late || s.visits%64 == 0 && time.Now().After(s.deadline)
	return s.late
}

// kinOf has the kin of those steps alone that can change places: nothing else concerns their thing meanwhile, they have no place
// among the commits, and they do not come after a last look.
func (s *search[S]) kinOf() []string {
	about := map[string][]*step[S]{}
	for _, one := range s.steps {
		if one.thing != "" {
			about[one.thing] = append(about[one.thing], one)
		}
	}
	kin := make([]string, len(s.steps))
	for i, one := range s.steps {
		alone := one.place == 0 && !(one.maybe && s.last != nil)
		for _, other := range about[one.thing] {
			alone = alone && (other == one || other.end < one.call || other.call > one.end)
		}
		if alone {
			kin[i] = one.kin
		}
	}
	return kin
}

type bits []byte

func newBits(count int) bits { return make(bits, (count+7)/8) }

func (b bits) flip(at int) { b[at/8] ^= 1 << (at % 8) }

func (b bits) within(other bits) bool {
	for i := range b {
		if b[i]&^other[i] != 0 {
			return false
		}
	}
	return true
}
