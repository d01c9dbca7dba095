package main

import (
	"context"
	"encoding/json"
	"errors"
	"net/http"
	"strconv"
	"time"

	"go.mongodb.org/mongo-driver/v2/bson"
	"go.mongodb.org/mongo-driver/v2/mongo"
	"go.mongodb.org/mongo-driver/v2/mongo/options"
	"go.mongodb.org/mongo-driver/v2/mongo/readconcern"
	"go.mongodb.org/mongo-driver/v2/mongo/writeconcern"
)

func transact(ctx context.Context, body func(ctx context.Context) error) error {
	s, err := client.StartSession(options.Session().SetCausalConsistency(false))
	if err != nil {
		return err
	}
	defer s.EndSession(ctx)
	_, err = s.WithTransaction(ctx, func(ctx context.Context) (any, error) { return nil, body(ctx) },
		options.Transaction().SetWriteConcern(writeconcern.Majority()).SetReadConcern(readconcern.Snapshot()))
	return err
}

// What was answered to a call with an Idempotency-Key.
type kept struct {
	ID     string    `bson:"_id"`
	Status int       `bson:"status"`
	Body   string    `bson:"body"`
	At     time.Time `bson:"at"`
}

func answerKept(w http.ResponseWriter, r *http.Request, id string) error {
	var k kept
	err := keys.FindOne(r.Context(), bson.D{{"_id", id}}).Decode(&k)
	if err == nil {
		answer(w, k.Status, json.RawMessage(k.Body))
	}
	return err
}

// change runs body in a transaction and answers what it returns. A call with a key is answered again as before; its
// answer is kept by the same transaction.
func change(w http.ResponseWriter, r *http.Request, u *user, status int, body func(ctx context.Context) (any, error)) error {
	id := ""
	if key := r.Header.Get("Idempotency-Key"); key != "" {
		id = u.ID.Hex() + ":" + key
		if err := answerKept(w, r, id); !errors.Is(err, mongo.ErrNoDocuments) {
			return err
		}
	}
	var text []byte
	err := transact(r.Context(), func(ctx context.Context) error {
		v, err := body(ctx)
		if err != nil {
			return err
		}
		if text, err = json.Marshal(v); err != nil || id == "" {
			return err
		}
		_, err = keys.InsertOne(ctx, kept{id, status, string(text), time.Now()})
		return err
	})
	if id != "" && mongo.IsDuplicateKeyError(err) {
		return answerKept(w, r, id) // the same call was quicker by another way
	} else if err != nil {
		return err
	}
	answer(w, status, json.RawMessage(text))
	return nil
}

func tell(ctx context.Context, who bson.ObjectID, to, message, kind string, at isoTime) error {
	_, err := notifications.InsertOne(ctx, notification{bson.NewObjectID(), who, to, message, "/dashboard", kind, false, false, at, at})
	return err
}

func move(ctx context.Context, id, from, to string, coins int64, kind string, actor bson.ObjectID, at isoTime) error {
	_, err := journal.InsertOne(ctx, bson.D{{"_id", id}, {"from", from}, {"to", to}, {"coins", coins}, {"kind", kind},
		{"actor", actor}, {"at", at}})
	return err
}

func createTask(w http.ResponseWriter, r *http.Request) error {
	u, err := callerAs(r, "buyer")
	if err != nil {
		return err
	}
	var in struct {
		Title      string    `json:"task_title"`
		Detail     string    `json:"task_detail"`
		Info       string    `json:"submission_info"`
		Workers    int64     `json:"required_workers"`
		Amount     int64     `json:"payable_amount"`
		Completion time.Time `json:"completion_date"`
	}
	if err = input(w, r, &in); err != nil {
		return err
	}
	if in.Title == "" || in.Workers < 1 || in.Amount < 1 || in.Workers > 1e6 || in.Amount > 1e6 || in.Completion.Before(time.Now()) {
		return &fault{400, "bad_input", "Bad body"}
	}
	cost := in.Workers * in.Amount
	return change(w, r, u, 201, func(ctx context.Context) (any, error) {
		at := isoTime(time.Now())
		t := task{bson.NewObjectID(), in.Title, in.Detail, in.Workers, in.Amount, isoTime(in.Completion), in.Info, "", "",
			u.Email, u.Name, u.ID, "active", at, at}
		var paid struct{ Coins int64 }
		err := users.FindOneAndUpdate(ctx, bson.D{{"_id", u.ID}, {"coins", bson.D{{"$gte", cost}}}}, bson.D{{"$inc", bson.D{{"coins", -cost}}}},
			options.FindOneAndUpdate().SetReturnDocument(options.After).SetProjection(bson.D{{"coins", 1}})).Decode(&paid)
		if errors.Is(err, mongo.ErrNoDocuments) {
			return nil, &fault{400, "insufficient_coins", "Not enough coins"}
		} else if err != nil {
			return nil, err
		}
		if _, err = tasks.InsertOne(ctx, &t); err != nil {
			return nil, err
		}
		if err = move(ctx, "task:"+t.ID.Hex(), "user:"+u.ID.Hex(), "escrow:"+t.ID.Hex(), cost, "task", u.ID, at); err != nil {
			return nil, err
		}
		return struct {
			Success bool   `json:"success"`
			Message string `json:"message"`
			Task    *task  `json:"task"`
			Balance int64  `json:"newBalance"`
		}{true, "Task created", &t, paid.Coins}, nil
	})
}

func submit(w http.ResponseWriter, r *http.Request) error {
	u, err := callerAs(r, "worker")
	if err != nil {
		return err
	}
	var in struct {
		TaskID  string `json:"task_id"`
		Details string `json:"submission_details"`
	}
	if err = input(w, r, &in); err != nil {
		return err
	}
	if in.Details == "" || len(in.Details) > 5000 {
		return &fault{400, "bad_input", "Bad body"}
	}
	id, err := pathID(in.TaskID)
	if err != nil {
		return err
	}
	return change(w, r, u, 201, func(ctx context.Context) (any, error) {
		at := isoTime(time.Now())
		var t task
		err := tasks.FindOneAndUpdate(ctx, append(open(), bson.E{"_id", id}),
			bson.D{{"$inc", bson.D{{"required_workers", -1}}}, {"$set", bson.D{{"updatedAt", at}}}}).Decode(&t)
		if errors.Is(err, mongo.ErrNoDocuments) {
			return nil, &fault{400, "no_slot", "No open slot"}
		} else if err != nil {
			return nil, err
		}
		s := submission{bson.NewObjectID(), id, t.Title, t.Amount, u.ID, u.Email, u.Name, in.Details, t.BuyerID, t.BuyerEmail,
			t.BuyerName, "pending", at, nil, at, at}
		if _, err = submissions.InsertOne(ctx, &s); mongo.IsDuplicateKeyError(err) {
			return nil, &fault{400, "already_submitted", "Already submitted"}
		} else if err != nil {
			return nil, err
		}
		return struct {
			Success    bool        `json:"success"`
			Message    string      `json:"message"`
			Submission *submission `json:"submission"`
		}{true, "Submission created", &s}, tell(ctx, t.BuyerID, t.BuyerEmail, "New submission for your task \""+t.Title+"\".", "submission", at)
	})
}

func approve(w http.ResponseWriter, r *http.Request) error {
	u, err := callerAs(r, "buyer")
	if err != nil {
		return err
	}
	id, err := pathID(r.PathValue("id"))
	if err != nil {
		return err
	}
	return change(w, r, u, 200, func(ctx context.Context) (any, error) {
		at := isoTime(time.Now())
		var s submission
		err := submissions.FindOneAndUpdate(ctx, bson.D{{"_id", id}, {"status", "pending"}, {"buyer_id", u.ID}},
			bson.D{{"$set", bson.D{{"status", "approved"}, {"reviewed_date", at}, {"updatedAt", at}}}},
			options.FindOneAndUpdate().SetReturnDocument(options.After)).Decode(&s)
		if errors.Is(err, mongo.ErrNoDocuments) {
			return nil, &fault{400, "not_pending", "Not pending"}
		} else if err != nil {
			return nil, err
		}
		var worker struct{ Coins int64 }
		if err = users.FindOneAndUpdate(ctx, bson.D{{"_id", s.WorkerID}}, bson.D{{"$inc", bson.D{{"coins", s.Amount}}}},
			options.FindOneAndUpdate().SetReturnDocument(options.After).SetProjection(bson.D{{"coins", 1}})).Decode(&worker); err != nil {
			return nil, err
		}
		if err = move(ctx, "approve:"+id.Hex(), "escrow:"+s.TaskID.Hex(), "user:"+s.WorkerID.Hex(), s.Amount, "reward", u.ID, at); err != nil {
			return nil, err
		}
		message := "Your submission for \"" + s.TaskTitle + "\" has been approved. You earned " + strconv.FormatInt(s.Amount, 10) + " coins."
		return struct {
			Success    bool        `json:"success"`
			Message    string      `json:"message"`
			Submission *submission `json:"submission"`
			Added      int64       `json:"coinsAdded"`
			Balance    int64       `json:"workerNewBalance"`
		}{true, "Submission approved", &s, s.Amount, worker.Coins}, tell(ctx, s.WorkerID, s.WorkerEmail, message, "approval", at)
	})
}
