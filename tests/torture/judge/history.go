package main

import (
	"bufio"
	"encoding/json"
	"fmt"
	"io"
	"strconv"
	"strings"
)

// A history is what callers did in a round, between two looks at the database.
type history struct {
	before, after snapshot
	ops           []*op
}

type op struct {
	N          int
	Caller     int
	Kind       string
	Actor      string
	Task       string
	Accounts   []string
	Submission string
	Withdrawal string
	Payment    string
	Token      string
	Input      map[string]any
	Start      int64
	End        *int64
	Outcome    string
	Code       string
	Answer     any
	Effective  *bool
	Effected   []string `json:"effective_ids"` // of many reviewed at once, where the outcome is not known
	Attempts   []attempt
}

type attempt struct {
	RequestID string `json:"request_id"`
	Start     int64
	End       *int64
	Status    *int
	Repeat    bool
}

type snapshot struct {
	At          int64 // ms, by the wall clock
	Users       map[string]user
	Tasks       map[string]task
	Submissions map[string]submission
	Withdrawals map[string]withdrawal
	Payments    map[string]payment
	Ledger      []row // after: the rows that came in the round
}

type user struct {
	Role             string
	Coins            int64
	Pending          int64    `json:"pending_coins"`
	Owed             int64    `json:"owed_coins"`
	TokensValidAfter *float64 `json:"tokens_valid_after"`
	Closing          bool
}

type task struct {
	Status    string
	Open      int64 `json:"required_workers"`
	Price     int64 `json:"payable_amount"`
	Buyer     string
	Expires   float64 `json:"expires_at"` // ms
	Pending   []string
	Submitted map[string]string // worker: submission
}

type submission struct {
	Status, Task, Worker, Buyer string
	Price                       int64 `json:"payable_amount"`
}

type withdrawal struct {
	Status, Worker string
	Coins          int64
}

type payment struct {
	Status, Buyer string
	Coins         int64
	Reversed      int64 `json:"reversed_coins"`
}

type row struct {
	ID        string `json:"_id"`
	From, To  string
	Coins     int64
	Kind      string
	RequestID string `json:"request_id"`
	Place     int    // in the order of the commits, from 1; 0 where that is not known
}

func (o *op) ok() bool      { return o.Outcome == "ok" }
func (o *op) refused() bool { return o.Outcome == "refused" }

// answered is the attempt whose answer counts. Of two that were sent at once, it may have been done for either.
func (o *op) answered() (int64, *int64) {
	for _, a := range o.Attempts {
		if !a.Repeat && a.End != nil && o.End != nil && *a.End == *o.End {
			return a.Start, a.End
		}
	}
	return o.Start, o.End
}

// shut says that the answer came from the door: what an earlier attempt did, which nobody heard of, is as unknown as
// before.
func (o *op) shut() bool {
	if !o.refused() || o.Code != "unauthorized" && o.Code != "token_expired" && o.Code != "forbidden" {
		return false
	}
	for _, a := range o.Attempts {
		if !a.Repeat && (a.Status == nil || *a.Status >= 500 || *a.Status == 409) {
			return true
		}
	}
	return false
}

// member finds a member of an answer or an input, by its path.
func member(of any, path ...string) any {
	for _, name := range path {
		object, _ := of.(map[string]any)
		of = object[name]
	}
	return of
}

// number reads a whole number; nil where there is none.
func number(of any, path ...string) *int64 {
	switch value := member(of, path...).(type) {
	case float64:
		whole := int64(value)
		if float64(whole) == value {
			return &whole
		}
	case string:
		if whole, err := strconv.ParseInt(strings.TrimSpace(value), 10, 64); err == nil {
			return &whole
		}
	}
	return nil
}

func text(of any, path ...string) string {
	value, _ := member(of, path...).(string)
	return value
}

// shown is the record that an answer shows: under its name, or as the answer itself.
func shown(o *op, name string) any {
	if record := member(o.Answer, name); record != nil {
		return record
	}
	return o.Answer
}

func texts(of any, path ...string) []string {
	values, _ := member(of, path...).([]any)
	var found []string
	for _, value := range values {
		if s, ok := value.(string); ok {
			found = append(found, s)
		}
	}
	return found
}

func readHistory(from io.Reader) (*history, error) {
	lines := bufio.NewReaderSize(from, 1<<20)
	h, ends := &history{}, 0
	for n := 1; ; n++ {
		line, err := lines.ReadBytes('\n')
		if len(strings.TrimSpace(string(line))) > 0 {
			isEnd, wrong := h.take(line)
			if wrong != nil {
				return nil, fmt.Errorf("line %d: %v", n, wrong)
			}
			if isEnd {
				ends++
			}
		}
		if err == io.EOF && ends != 2 {
			return nil, fmt.Errorf("a history has a first line with before, and a last with after")
		} else if err == io.EOF {
			return h, nil
		} else if err != nil {
			return nil, err
		}
	}
}

// take reads a line: one of the two ends of a history, or an operation.
func (h *history) take(line []byte) (isEnd bool, err error) {
	var end struct{ Before, After *snapshot }
	if err = json.Unmarshal(line, &end); err != nil {
		return false, err
	}
	if end.Before != nil {
		h.before = *end.Before
	}
	if end.After != nil {
		h.after = *end.After
	}
	if end.Before != nil || end.After != nil {
		return true, nil
	}
	o := &op{}
	h.ops = append(h.ops, o)
	return false, json.Unmarshal(line, o)
}
