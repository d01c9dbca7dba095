// A worker's and a buyer's day, by the Go client that openapi-generator makes.
package main

import (
	"context"
	"errors"
	"log"
	"time"

	"clients/client"
)

var calls = client.NewAPIClient(client.NewConfiguration()) // the address is the document's

func logIn(email string) context.Context {
	session, _, err := calls.AuthAPI.PostAuthLogin(context.Background()).
		Login(*client.NewLogin(email, "demo-pass-1")).Execute()
	must(err)
	return context.WithValue(context.Background(), client.ContextAccessToken, session.Token)
}

func main() {
	buyer, worker := logIn("buyer@demo.example"), logIn("worker@demo.example")

	posted, _, err := calls.TasksAPI.PostTasks(buyer).TaskInput(*client.NewTaskInput(
		"Name a bird", "One that you see.", 1, 5, "2035-01-31", "Its name")).Execute()
	must(err)
	task := posted.Task
	expect(task.CompletionDate.Equal(time.Date(2035, 1, 31, 0, 0, 0, 0, time.UTC)), "the date is read as it was sent")

	open, _, err := calls.TasksAPI.GetTasks(worker).Limit(100).Execute()
	must(err)
	listed := false
	for _, one := range open.Tasks {
		listed = listed || one.Id == task.Id
	}
	expect(listed, "the task is listed")

	work := *client.NewSubmissionInput(task.Id, "A wren")
	made, _, err := calls.SubmissionsAPI.PostSubmissions(worker).SubmissionInput(work).Execute()
	must(err)
	_, _, err = calls.SubmissionsAPI.PostSubmissions(worker).SubmissionInput(work).Execute()
	var refused *client.GenericOpenAPIError
	expect(errors.As(err, &refused), "a second time is refused")
	expect(refused.Model().(client.ApiError).Code == "already_submitted", "and says why")

	approved, _, err := calls.SubmissionsAPI.PutSubmissionsByIdApprove(buyer, made.Submission.Id).Execute()
	must(err)
	expect(*approved.CoinsAdded == 5, "the worker is paid")

	seen, _, err := calls.SubmissionsAPI.GetSubmissionsById(worker, made.Submission.Id).Execute()
	must(err)
	expect(seen.Submission.TaskId.TaskBrief.TaskTitle == "Name a bird", "a submission shows its task")
	told, _, err := calls.NotificationsAPI.GetNotifications(worker).Limit(1).Execute()
	must(err)
	expect(len(told) == 1, "the worker is told")
	_, _, err = calls.PaymentsAPI.GetPaymentsHistory(buyer).Execute()
	must(err)
}

func must(err error) {
	if err != nil {
		log.Panic(err)
	}
}

func expect(holds bool, what string) {
	if !holds {
		log.Panicf("not so: %s", what)
	}
}
