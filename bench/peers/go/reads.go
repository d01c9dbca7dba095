package main

import (
	"context"
	"errors"
	"net/http"
	"sync"
	"sync/atomic"
	"time"

	"go.mongodb.org/mongo-driver/v2/bson"
	"go.mongodb.org/mongo-driver/v2/mongo"
	"go.mongodb.org/mongo-driver/v2/mongo/options"
)

var (
	cachedTotal, countedAt atomic.Int64
	counting               sync.Mutex
)

func open() bson.D {
	return bson.D{{"status", "active"}, {"required_workers", bson.D{{"$gt", 0}}}, {"completion_date", bson.D{{"$gt", time.Now()}}}}
}

// total counts at most once a second; everyone else gets the last count.
func total(ctx context.Context) (int64, error) {
	if time.Now().UnixMilli()-countedAt.Load() < 1000 {
		return cachedTotal.Load(), nil
	}
	if countedAt.Load() != 0 && !counting.TryLock() {
		return cachedTotal.Load(), nil
	} else if countedAt.Load() == 0 {
		counting.Lock()
	}
	defer counting.Unlock()
	n, err := tasks.CountDocuments(ctx, open())
	if err == nil {
		cachedTotal.Store(n)
		countedAt.Store(time.Now().UnixMilli())
	}
	return n, err
}

func listTasks(w http.ResponseWriter, r *http.Request) error {
	page, limit, err := paging(r)
	if err != nil {
		return err
	}
	n, err := total(r.Context())
	if err != nil {
		return err
	}
	cur, err := tasks.Find(r.Context(), open(), options.Find().SetSort(bson.D{{"createdAt", -1}, {"_id", -1}}).
		SetSkip((page-1)*limit).SetLimit(limit).SetProjection(bson.D{{"buyer_email", 0}}))
	if err != nil {
		return err
	}
	items := make([]task, 0, limit)
	if err = cur.All(r.Context(), &items); err != nil {
		return err
	}
	answer(w, 200, struct {
		Tasks       []task `json:"tasks"`
		Total       int64  `json:"total"`
		Pages       int64  `json:"pages"`
		CurrentPage int64  `json:"currentPage"`
	}{items, n, (n + limit - 1) / limit, page})
	return nil
}

func getTask(w http.ResponseWriter, r *http.Request) error {
	id, err := pathID(r.PathValue("id"))
	if err != nil {
		return err
	}
	var t task
	if err = tasks.FindOne(r.Context(), bson.D{{"_id", id}}).Decode(&t); errors.Is(err, mongo.ErrNoDocuments) {
		return &fault{404, "not_found", "Task not found"}
	} else if err != nil {
		return err
	}
	answer(w, 200, &t)
	return nil
}

func me(w http.ResponseWriter, r *http.Request) error {
	u, err := caller(r)
	if err != nil {
		return err
	}
	answer(w, 200, u)
	return nil
}

func listNotifications(w http.ResponseWriter, r *http.Request) error {
	u, err := caller(r)
	if err != nil {
		return err
	}
	limit, err := number(r, "limit", 10)
	if err != nil {
		return err
	}
	cur, err := notifications.Find(r.Context(), bson.D{{"user_id", u.ID}, {"archived", false}},
		options.Find().SetSort(bson.D{{"createdAt", -1}, {"_id", -1}}).SetLimit(min(limit, 100)))
	if err != nil {
		return err
	}
	items := make([]notification, 0, limit)
	if err = cur.All(r.Context(), &items); err != nil {
		return err
	}
	answer(w, 200, items)
	return nil
}

func countUnread(w http.ResponseWriter, r *http.Request) error {
	u, err := caller(r)
	if err != nil {
		return err
	}
	n, err := notifications.CountDocuments(r.Context(), bson.D{{"user_id", u.ID}, {"isRead", false}, {"archived", false}})
	if err != nil {
		return err
	}
	answer(w, 200, map[string]int64{"unreadCount": n})
	return nil
}

func mySubmissions(w http.ResponseWriter, r *http.Request) error {
	u, err := callerAs(r, "worker")
	if err != nil {
		return err
	}
	page, limit, err := paging(r)
	if err != nil {
		return err
	}
	mine := bson.D{{"worker_id", u.ID}}
	n, err := submissions.CountDocuments(r.Context(), mine)
	if err != nil {
		return err
	}
	cur, err := submissions.Find(r.Context(), mine, options.Find().SetSort(bson.D{{"createdAt", -1}, {"_id", -1}}).
		SetSkip((page-1)*limit).SetLimit(limit))
	if err != nil {
		return err
	}
	items := make([]submission, 0, limit)
	if err = cur.All(r.Context(), &items); err != nil {
		return err
	}
	answer(w, 200, struct {
		Submissions []submission `json:"submissions"`
		Total       int64        `json:"total"`
		Pages       int64        `json:"pages"`
		CurrentPage int64        `json:"currentPage"`
	}{items, n, (n + limit - 1) / limit, page})
	return nil
}
