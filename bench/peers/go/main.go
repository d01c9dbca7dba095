// Peer: the measured calls on Go's net/http with the official driver, as a good engineer would write them, and no more.
package main

import (
	"log"
	"net/http"
	"os"

	"go.mongodb.org/mongo-driver/v2/mongo"
	"go.mongodb.org/mongo-driver/v2/mongo/options"
)

var (
	client                                                  *mongo.Client
	users, tasks, submissions, notifications, journal, keys *mongo.Collection
)

func health(w http.ResponseWriter, r *http.Request) error {
	answer(w, 200, map[string]string{"status": "OK", "message": "Server is running"})
	return nil
}

func main() {
	var err error
	options := options.Client().ApplyURI(os.Getenv("MONGODB_URI")).SetMaxPoolSize(64).SetMinPoolSize(8)
	if client, err = mongo.Connect(options); err != nil {
		log.Fatal(err)
	}
	db := client.Database(os.Getenv("MONGODB_DB"))
	users, tasks, submissions = db.Collection("users"), db.Collection("tasks"), db.Collection("submissions")
	notifications, journal, keys = db.Collection("notifications"), db.Collection("ledger"), db.Collection("keys")
	m := http.NewServeMux()
	for pattern, h := range map[string]handler{
		"GET /api/health":                            health,
		"POST /api/auth/login":                       login,
		"GET /api/auth/me":                           me,
		"GET /api/tasks":                             listTasks,
		"GET /api/tasks/{id}":                        getTask,
		"POST /api/tasks":                            createTask,
		"GET /api/notifications":                     listNotifications,
		"GET /api/notifications/unread/count":        countUnread,
		"POST /api/submissions":                      submit,
		"GET /api/submissions/worker/my-submissions": mySubmissions,
		"PUT /api/submissions/{id}/approve":          approve,
	} {
		m.Handle(pattern, h)
	}
	log.Fatal(http.ListenAndServe("127.0.0.1:"+os.Getenv("PORT"), m))
}
