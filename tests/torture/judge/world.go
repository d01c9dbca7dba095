package main

import (
	"fmt"
	"sort"
	"strings"
)

// The world is what a history tells about it as a whole: whose submission it is, which rows an operation wrote, which
// operations took effect.
type world struct {
	*history
	end         int64 // of the round
	tasks       map[string]task
	submissions map[string]submission
	withdrawals map[string]withdrawal
	payments    map[string]payment
	rows        map[string]row
	writer      map[string]*op // of a request id
	rowsOf      map[*op][]row
	service     []row // written by nobody's call
	committed   []row // by their places
	removed     map[string]bool
}

// How an operation counts for what it may have changed.
type effect int

const (
	none effect = iota
	maybe
	certain
)

func newWorld(h *history) *world {
	w := &world{history: h, tasks: map[string]task{}, submissions: map[string]submission{},
		withdrawals: map[string]withdrawal{}, payments: map[string]payment{}, rows: map[string]row{},
		writer: map[string]*op{}, rowsOf: map[*op][]row{}, removed: map[string]bool{}}
	for _, o := range h.ops {
		w.note(o)
	}
	for _, s := range []snapshot{h.before, h.after} {
		w.notice(s)
	}
	w.readRows()
	w.readPlaces()
	return w
}

func (w *world) note(o *op) {
	if o.Start > w.end {
		w.end = o.Start
	}
	if o.End != nil && *o.End > w.end {
		w.end = *o.End
	}
	for _, a := range o.Attempts {
		w.writer[a.RequestID] = o
	}
	switch o.Kind {
	case "task.post":
		w.noteTask(o)
	case "submission.post":
		if o.Submission == "" {
			o.Submission = text(o.Answer, "submission", "_id")
		}
		if o.Submission != "" {
			w.submissions[o.Submission] = submission{Status: "pending", Task: o.Task, Worker: o.Actor}
		}
	case "withdrawal.post":
		if o.Withdrawal == "" {
			o.Withdrawal = text(o.Answer, "withdrawal", "_id")
		}
		if coins := number(o.Input, "withdrawal_coin"); o.Withdrawal != "" && coins != nil {
			w.withdrawals[o.Withdrawal] = withdrawal{Status: "pending", Worker: o.Actor, Coins: *coins}
		}
	case "payment.dummy", "payment.create", "payment.purchase":
		w.notePayment(o)
	case "admin.remove":
		if !o.refused() {
			w.removed[o.target()] = true
		}
	}
}

func (w *world) noteTask(o *op) {
	if o.Task == "" {
		o.Task = text(o.Answer, "task", "_id")
	}
	open, price := number(o.Input, "required_workers"), number(o.Input, "payable_amount")
	if o.Task != "" && open != nil && price != nil {
		w.tasks[o.Task] = task{Status: "active", Open: *open, Price: *price, Buyer: o.Actor}
	}
}

func (w *world) notePayment(o *op) {
	if o.Payment == "" {
		o.Payment = text(o.Answer, "payment", "_id")
	}
	if o.Payment == "" {
		o.Payment = text(o.Answer, "paymentId")
	}
	if coins := number(o.Input, "coins"); o.Payment != "" && coins != nil {
		w.payments[o.Payment] = payment{Status: "pending", Buyer: o.Actor, Coins: *coins}
	}
}

func (w *world) notice(s snapshot) {
	for id, t := range s.Tasks {
		if _, known := w.tasks[id]; !known {
			w.tasks[id] = t
		}
		for worker, submitted := range t.Submitted {
			if _, known := w.submissions[submitted]; !known {
				w.submissions[submitted] = submission{Task: id, Worker: worker}
			}
		}
	}
	for id, found := range s.Submissions {
		if old, known := w.submissions[id]; !known || old.Worker == "" {
			w.submissions[id] = found
		}
	}
	for id, found := range s.Withdrawals {
		if _, known := w.withdrawals[id]; !known {
			w.withdrawals[id] = found
		}
	}
	for id, found := range s.Payments {
		if old := w.payments[id]; old.Coins == 0 {
			w.payments[id] = found
		}
	}
}

func (w *world) readRows() {
	for _, r := range w.after.Ledger {
		w.rows[r.ID] = r
		if o := w.writer[r.RequestID]; o != nil {
			w.rowsOf[o] = append(w.rowsOf[o], r)
			if o.Kind != "admin.remove" {
				continue
			}
		}
		if !strings.HasPrefix(r.ID, "repay:") {
			w.service = append(w.service, r)
		}
	}
	for id, u := range w.after.Users {
		if u.Closing {
			w.removed[id] = true
		}
	}
}

func (w *world) readPlaces() {
	for _, r := range w.after.Ledger {
		if r.Place > 0 {
			w.committed = append(w.committed, r)
		}
	}
	sort.SliceStable(w.committed, func(i, j int) bool { return w.committed[i].Place < w.committed[j].Place })
}

// moments is when a row was committed: in its call's time. One that no call wrote not before the calls whose rows stand before
// it began, nor after those whose rows stand behind it were answered. Without that each such row could be anywhere in the
// round, and there are too many orders to look at.
func (w *world) moments(r row) (int64, int64) {
	if o := w.writer[r.RequestID]; o != nil && o.Kind != "admin.remove" {
		return w.window(o, certain)
	}
	from, to := int64(0), w.end
	if r.Place == 0 {
		return from, to
	}
	for _, other := range w.committed {
		o := w.writer[other.RequestID]
		switch {
		case o == nil || other.Place == r.Place:
		case other.Place < r.Place && o.Start > from:
			from = o.Start
		case other.Place > r.Place && o.ok() && o.Kind != "admin.remove" && *o.End < to:
			to = *o.End
		}
	}
	return from, to
}

// target is the user whom an admin's call is about.
func (o *op) target() string {
	for _, id := range o.Accounts {
		if id != o.Actor || len(o.Accounts) == 1 {
			return id
		}
	}
	return ""
}

// effect says what is known of an operation that changes things.
func (w *world) effect(o *op) effect {
	switch {
	case o.ok():
		return certain
	case o.refused() && !o.shut():
		return none
	case o.Effective != nil && *o.Effective || len(w.rowsOf[o]) > 0:
		return certain
	case o.Effective != nil:
		return none
	}
	return maybe
}

// window is when an operation took effect: at the latest at the end of the round, or, where nobody knows whether it did,
// also after the last look.
func (w *world) window(o *op, e effect) (int64, int64) {
	switch {
	case e == maybe:
		return o.Start, w.end + 3
	case !o.ok() && !o.refused() || o.shut() || o.End == nil:
		return o.Start, w.end
	case o.refused():
		start, end := o.answered()
		if end != nil {
			return start, *end
		}
	}
	return o.Start, *o.End
}

// name tells of an operation in a hint.
func (o *op) name(more string) string {
	answer := o.Outcome
	if o.Code != "" {
		answer = o.Code
	}
	return strings.TrimSpace(fmt.Sprintf("%d %s %s", o.N, o.Kind, more)) + " → " + answer
}

// A review is one decision about one submission, alone or among many.
type review struct {
	op         *op
	submission string
	approve    bool
	effect     effect
	code       string // of a refusal
}

func (w *world) reviews(o *op) []review {
	approve := o.Kind == "submission.approve" || text(o.Input, "status") == "approved"
	switch o.Kind {
	case "submission.approve", "submission.reject", "submission.status":
		return []review{{o, o.Submission, approve, w.effect(o), o.Code}}
	case "submission.review":
	default:
		return nil
	}
	var all []review
	if results, _ := member(o.Answer, "results").([]any); o.ok() && results != nil {
		for _, result := range results {
			r := review{o, text(result, "_id"), approve, certain, ""}
			if done, _ := member(result, "ok").(bool); !done {
				r.effect, r.code = none, text(result, "code")
			}
			all = append(all, r)
		}
		return all
	}
	seen := map[string]bool{}
	for _, id := range texts(o.Input, "ids") {
		r := review{o, id, approve, w.effect(o), o.Code}
		switch {
		case o.Effected != nil && r.effect != none:
			r.effect = map[bool]effect{true: certain, false: none}[contains(o.Effected, id)]
		case r.effect == certain && w.rowOf(o, "approve:"+id).ID == "":
			r.effect = maybe // something of it was done: this, or another
		}
		if !seen[id] {
			all = append(all, r)
		}
		seen[id] = true
	}
	return all
}

// rowOf is the row with that beginning of its id that an operation wrote; else one without an id.
func (w *world) rowOf(o *op, beginning string) row {
	for _, r := range w.rowsOf[o] {
		if strings.HasPrefix(r.ID, beginning) {
			return r
		}
	}
	return row{}
}

func contains(ids []string, id string) bool {
	for _, one := range ids {
		if one == id {
			return true
		}
	}
	return false
}

// strays are operations that were refused, and yet wrote rows.
func (w *world) strays() []verdict {
	var found []verdict
	for o, rows := range w.rowsOf {
		if w.effect(o) == none {
			found = append(found, verdict{Partition: "operation " + fmt.Sprint(o.N), About: "journal",
				Verdict: isIllegal, Operations: []int{o.N},
				Hint: o.name("") + ", and yet wrote " + rows[0].ID})
		}
	}
	sort.Slice(found, func(i, j int) bool { return found[i].Operations[0] < found[j].Operations[0] })
	return found
}

// index gives each of several ids a number, in the order in which they are met.
type index map[string]int

func (i index) of(id string) int {
	at, known := i[id]
	if !known {
		at = len(i)
		i[id] = at
	}
	return at
}

// set is a state's text with one letter changed; a text too short is continued by the letter of what is not there yet.
func set(letters string, at int, letter byte) string {
	b := []byte(letters)
	for len(b) <= at {
		b = append(b, ' ')
	}
	b[at] = letter
	return string(b)
}

func get(letters string, at int) byte {
	if at >= len(letters) {
		return ' '
	}
	return letters[at]
}

func padded(letters string, length int) string {
	for len(letters) < length {
		letters += " "
	}
	return letters
}
