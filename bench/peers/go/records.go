package main

import (
	"time"

	"go.mongodb.org/mongo-driver/v2/bson"
)

type isoTime time.Time

func (t isoTime) MarshalJSON() ([]byte, error) {
	return time.Time(t).UTC().AppendFormat(make([]byte, 0, 26), `"2006-01-02T15:04:05.000Z"`), nil
}

func (t *isoTime) UnmarshalBSONValue(typ byte, data []byte) error {
	*t = isoTime(bson.RawValue{Type: bson.Type(typ), Value: data}.Time())
	return nil
}

func (t isoTime) MarshalBSONValue() (byte, []byte, error) {
	typ, data, err := bson.MarshalValue(time.Time(t))
	return byte(typ), data, err
}

type task struct {
	ID         bson.ObjectID `bson:"_id" json:"_id"`
	Title      string        `bson:"task_title" json:"task_title"`
	Detail     string        `bson:"task_detail" json:"task_detail"`
	Workers    int64         `bson:"required_workers" json:"required_workers"`
	Amount     int64         `bson:"payable_amount" json:"payable_amount"`
	Completion isoTime       `bson:"completion_date" json:"completion_date"`
	Info       string        `bson:"submission_info" json:"submission_info"`
	ImageURL   string        `bson:"task_image_url" json:"task_image_url,omitempty"`
	Category   string        `bson:"category" json:"category,omitempty"`
	BuyerEmail string        `bson:"buyer_email" json:"-"`
	BuyerName  string        `bson:"buyer_name" json:"buyer_name"`
	BuyerID    bson.ObjectID `bson:"buyer_id" json:"buyer_id"`
	Status     string        `bson:"status" json:"status"`
	CreatedAt  isoTime       `bson:"createdAt" json:"createdAt"`
	UpdatedAt  isoTime       `bson:"updatedAt" json:"updatedAt"`
}

type user struct {
	ID           bson.ObjectID `bson:"_id" json:"_id"`
	Name         string        `bson:"name" json:"name"`
	Email        string        `bson:"email" json:"email"`
	Password     string        `bson:"password" json:"-"` // read by login alone
	PhotoURL     string        `bson:"photoURL" json:"photoURL,omitempty"`
	Role         string        `bson:"role" json:"role"`
	Coins        int64         `bson:"coins" json:"coins"`
	PendingCoins int64         `bson:"pending_coins" json:"pending_coins"`
	AuthProvider string        `bson:"authProvider" json:"authProvider"`
	LastLogin    isoTime       `bson:"lastLogin" json:"lastLogin"`
	CreatedAt    isoTime       `bson:"createdAt" json:"createdAt"`
}

type notification struct {
	ID          bson.ObjectID `bson:"_id" json:"_id"`
	UserID      bson.ObjectID `bson:"user_id" json:"-"`
	ToEmail     string        `bson:"toEmail" json:"toEmail"`
	Message     string        `bson:"message" json:"message"`
	ActionRoute string        `bson:"actionRoute" json:"actionRoute"`
	Type        string        `bson:"type" json:"type"`
	IsRead      bool          `bson:"isRead" json:"isRead"`
	Archived    bool          `bson:"archived" json:"-"`
	CreatedAt   isoTime       `bson:"createdAt" json:"createdAt"`
	UpdatedAt   isoTime       `bson:"updatedAt" json:"updatedAt"`
}

type submission struct {
	ID          bson.ObjectID `bson:"_id" json:"_id"`
	TaskID      bson.ObjectID `bson:"task_id" json:"task_id"`
	TaskTitle   string        `bson:"task_title" json:"task_title"`
	Amount      int64         `bson:"payable_amount" json:"payable_amount"`
	WorkerID    bson.ObjectID `bson:"worker_id" json:"worker_id"`
	WorkerEmail string        `bson:"worker_email" json:"worker_email"`
	WorkerName  string        `bson:"worker_name" json:"worker_name"`
	Details     string        `bson:"submission_details" json:"submission_details"`
	BuyerID     bson.ObjectID `bson:"buyer_id" json:"buyer_id"`
	BuyerEmail  string        `bson:"buyer_email" json:"buyer_email"`
	BuyerName   string        `bson:"buyer_name" json:"buyer_name"`
	Status      string        `bson:"status" json:"status"`
	Submitted   isoTime       `bson:"submitted_date" json:"submitted_date"`
	Reviewed    *isoTime      `bson:"reviewed_date,omitempty" json:"reviewed_date,omitempty"`
	CreatedAt   isoTime       `bson:"createdAt" json:"createdAt"`
	UpdatedAt   isoTime       `bson:"updatedAt" json:"updatedAt"`
}
