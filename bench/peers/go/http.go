package main

import (
	"encoding/json"
	"errors"
	"net/http"
	"strconv"

	"go.mongodb.org/mongo-driver/v2/bson"
)

type fault struct {
	status     int
	code, text string
}

func (f *fault) Error() string { return f.text }

func answer(w http.ResponseWriter, status int, v any) {
	body, err := json.Marshal(v)
	if err != nil {
		http.Error(w, "{}", 500)
		return
	}
	h := w.Header()
	h["Content-Type"] = []string{"application/json; charset=utf-8"}
	h["Content-Length"] = []string{strconv.Itoa(len(body))}
	w.WriteHeader(status)
	w.Write(body)
}

type handler func(w http.ResponseWriter, r *http.Request) error

func (h handler) ServeHTTP(w http.ResponseWriter, r *http.Request) {
	err := h(w, r)
	if err == nil {
		return
	}
	var f *fault
	if !errors.As(err, &f) {
		f = &fault{500, "internal", "Something went wrong"}
	}
	answer(w, f.status, map[string]string{"error": f.text, "code": f.code})
}

func pathID(text string) (bson.ObjectID, error) {
	id, err := bson.ObjectIDFromHex(text)
	if err != nil {
		err = &fault{400, "bad_id", "Malformed id"}
	}
	return id, err
}

func number(r *http.Request, name string, def int64) (int64, error) {
	t := r.URL.Query().Get(name)
	if t == "" {
		return def, nil
	}
	n, err := strconv.ParseInt(t, 10, 32)
	if err != nil || n < 1 {
		return 0, &fault{400, "bad_input", name + " must be a number from 1"}
	}
	return n, nil
}

// paging reads page and limit; no page is longer than 100.
func paging(r *http.Request) (page, limit int64, err error) {
	if page, err = number(r, "page", 1); err != nil {
		return
	}
	limit, err = number(r, "limit", 10)
	return page, min(limit, 100), err
}

func input(w http.ResponseWriter, r *http.Request, into any) error {
	if err := json.NewDecoder(http.MaxBytesReader(w, r.Body, 1<<20)).Decode(into); err != nil {
		return &fault{400, "bad_input", "Bad body"}
	}
	return nil
}
