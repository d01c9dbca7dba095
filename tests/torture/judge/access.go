package main

import (
	"encoding/base64"
	"encoding/json"
	"strings"
)

// Who may do what. A token's letter: ' ' not given out yet, y it counts, n it does not, ? given out before the round, and not
// known to count until it is used.
type accessState struct {
	tokens string
	role   string // "" before the user is there
	gone   bool
}

type accessPartition struct {
	partition[accessState]
	tokens index
}

// The roles that a call asks for; those that are not here take any token.
var asksFor = map[string]string{
	"task.post": "buyer", "submission.post": "worker", "submission.review": "buyer admin", "withdrawal.post": "worker",
	"withdrawal.approve": "admin", "withdrawal.reject": "admin", "payment.create": "buyer", "payment.dummy": "buyer",
	"payment.purchase": "buyer", "admin.adjust": "admin", "admin.role": "admin", "admin.remove": "admin",
	"admin.task_cancel": "admin", "admin.ledger": "admin", "admin.audit": "admin",
}

// Calls that act without a token, or with one that is not looked at.
func public(kind string) bool {
	switch kind {
	case "auth.register", "auth.login", "task.read", "list.tasks", "payment.webhook", "payment.refund",
		"payment.dispute", "payment.dispute_closed":
		return true
	}
	return false
}

// Answers that are given before the token is looked at.
func outsideTheDoor(code string) bool {
	switch code {
	case "method_not_allowed", "body_too_large", "too_many_requests", "unavailable", "internal":
		return true
	}
	return false
}

func accessPartitions(w *world) []*accessPartition {
	people := partsOf(w, newAccessPartition)
	for _, o := range w.ops { // whoever begins in this round
		if o.Kind == "auth.register" && w.effect(o) == certain && o.registered() != "" {
			people.of(o.registered()).begins(o)
		}
	}
	known := func(id string) bool {
		_, before := w.before.Users[id]
		return id != "" && (before || people.made[id] != nil)
	}
	for _, o := range w.ops {
		if id := o.registered(); o.Kind == "auth.login" && o.ok() && known(id) {
			people.of(id).givesOut(o, text(o.Answer, "token"))
		}
		if known(o.Actor) {
			people.of(o.Actor).act(o)
		}
		if id := o.target(); known(id) {
			people.of(id).managed(o)
		}
	}
	for _, c := range people.all {
		c.lastLook()
	}
	return people.all
}

func newAccessPartition(w *world, id string) *accessPartition {
	c := &accessPartition{newPartition[accessState](w, "account", id, "access"), index{}}
	u, there := w.before.Users[id]
	if there {
		c.first = accessState{role: u.Role, gone: u.Closing}
	}
	given, used := c.firstMoments()
	for token, at := range used {
		// two log-ins in a second give out the same token: the first of them may have been before the round
		letter := byte(' ')
		if first, met := given[token]; !met || at < first {
			letter = counts(token, u.TokensValidAfter)
		}
		c.first.tokens = set(c.first.tokens, c.tokens.of(token), letter)
	}
	return c
}

// firstMoments: when each token was first given out in this round, and when this user first used it.
func (c *accessPartition) firstMoments() (map[string]int64, map[string]int64) {
	given, used := map[string]int64{}, map[string]int64{}
	for _, o := range c.w.ops {
		token := text(o.Answer, "token")
		if first, met := given[token]; o.End != nil && (!met || *o.End < first) {
			given[token] = *o.End
		}
		if first, met := used[o.Token]; o.Actor == c.id && o.Token != "" && (!met || o.Start < first) {
			used[o.Token] = o.Start
		}
	}
	return given, used
}

// counts says whether an older token counts at the round's beginning, by its iat.
func counts(token string, after *float64) byte {
	parts := strings.Split(token, ".")
	if after == nil || len(parts) != 3 {
		return '?'
	}
	var claims struct{ Iat *float64 }
	decoded, err := base64.RawURLEncoding.DecodeString(parts[1])
	if err != nil || json.Unmarshal(decoded, &claims) != nil || claims.Iat == nil {
		return '?'
	}
	if *claims.Iat > *after {
		return 'y'
	}
	return 'n'
}

func (c *accessPartition) begins(o *op) {
	role := text(o.Input, "role")
	if told := text(o.Answer, "user", "role"); told != "" {
		role = told
	}
	at := c.tokens.of(text(o.Answer, "token"))
	c.change(o, certain, step[accessState]{apply: func(s accessState) (accessState, bool) {
		legal := s.role == ""
		s.role = role
		s.tokens = set(s.tokens, at, 'y')
		return s, legal
	}})
}

func (c *accessPartition) givesOut(o *op, token string) {
	at := c.tokens.of(token)
	c.change(o, certain, step[accessState]{apply: func(s accessState) (accessState, bool) {
		legal := s.role != "" && !s.gone && get(s.tokens, at) != 'n'
		s.tokens = set(s.tokens, at, 'y')
		return s, legal
	}})
}

func ended(tokens string) string {
	return strings.Map(func(letter rune) rune {
		if letter == ' ' {
			return letter
		}
		return 'n'
	}, tokens)
}

// act: what a user does with a token, and what that does to their tokens. A log-out's look at its own token is a step of
// its own: two that come at once may both have seen theirs count.
func (c *accessPartition) act(o *op) {
	c.use(o)
	e := c.w.effect(o)
	if e == none {
		return
	}
	switch o.Kind {
	case "auth.logout":
		c.change(o, e, step[accessState]{apply: func(s accessState) (accessState, bool) {
			s.tokens = ended(s.tokens)
			return s, true
		}})
	case "auth.password":
		token := text(o.Answer, "token")
		at := -1
		if token != "" {
			at = c.tokens.of(token)
		}
		c.change(o, e, step[accessState]{apply: func(s accessState) (accessState, bool) {
			s.tokens = ended(s.tokens)
			if at >= 0 {
				s.tokens = set(s.tokens, at, 'y')
			}
			return s, true
		}})
	}
}

func (c *accessPartition) use(o *op) {
	call, end := o.answered()
	if o.Outcome == "unknown" || public(o.Kind) || outsideTheDoor(o.Code) || end == nil {
		return
	}
	at, known := -1, true
	if o.Token != "" {
		at = c.tokens.of(o.Token)
		known = get(c.first.tokens, at) != '?'
	} else if o.Code == "unauthorized" || o.Code == "token_expired" {
		return // wrong tokens are the callers' own making, where the history does not say which it was
	}
	role := ""
	if o.Kind == "me.read" {
		role = text(shown(o, "user"), "role")
	}
	c.add(step[accessState]{op: o, name: o.name("with a token"), call: call, end: *end, look: known, reads: o.Kind == "me.read",
		apply: func(s accessState) (accessState, bool) {
			if s.role == "" {
				return s, false
			}
			return c.used(s, o, at, role)
		}})
}

func (c *accessPartition) used(s accessState, o *op, at int, role string) (accessState, bool) {
	refused := o.Code == "unauthorized" || o.Code == "token_expired"
	letter := byte('?')
	if at >= 0 {
		letter = get(s.tokens, at)
	}
	if refused && (s.gone || letter == 'n') {
		return s, true
	}
	if refused && letter != '?' || s.gone || letter == 'n' || letter == ' ' {
		return s, false
	}
	if at >= 0 {
		s.tokens = set(s.tokens, at, map[bool]byte{true: 'n', false: 'y'}[refused])
	}
	roles, asked := asksFor[o.Kind]
	may := !asked || strings.Contains(roles, s.role)
	return s, refused || may == (o.Code != "forbidden" || !asked) && (role == "" || role == s.role)
}

// newRole is the role that somebody was to have.
func newRole(o *op) string {
	if to := text(o.Input, "to"); to != "" {
		return to
	}
	return text(o.Input, "role")
}

// managed: what an admin does to the user.
func (c *accessPartition) managed(o *op) {
	e := c.w.effect(o)
	if e == none {
		return
	}
	switch role := newRole(o); o.Kind {
	case "admin.role":
		c.change(o, e, step[accessState]{name: "to " + role, apply: func(s accessState) (accessState, bool) {
			legal := s.role != "" && !s.gone
			s.role = role
			return s, legal
		}})
	case "admin.remove":
		c.change(o, e, step[accessState]{apply: func(s accessState) (accessState, bool) {
			s.gone = true
			return s, true
		}})
	}
}

func (c *accessPartition) lastLook() {
	c.first.tokens = padded(c.first.tokens, len(c.tokens))
	after, there := c.w.after.Users[c.id]
	c.last = func(is accessState) bool {
		if !there || after.Closing {
			return is.gone
		}
		return !is.gone && is.role == after.Role
	}
}
