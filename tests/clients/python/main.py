"""A worker's and a buyer's day, by the Python client that openapi-generator makes."""

import datetime

import openapi_client as client


def log_in(email):
    """The calls of somebody; the address is the document's."""
    calls = client.ApiClient(client.Configuration())
    login = client.Login(email=email, password="demo-pass-1")
    calls.configuration.access_token = client.AuthApi(calls).post_auth_login(login).token
    return calls


buyer, worker = log_in("buyer@demo.example"), log_in("worker@demo.example")

wanted = client.TaskInput(
    task_title="Name a bird",
    task_detail="One that you see.",
    required_workers=1,
    payable_amount=5,
    completion_date="2035-01-31",
    submission_info="Its name",
)
task = client.TasksApi(buyer).post_tasks(wanted).task
assert task.completion_date == datetime.datetime(2035, 1, 31, tzinfo=datetime.timezone.utc)

listed = client.TasksApi(worker).get_tasks(limit=100).tasks
assert task.id in [one.id for one in listed]

submissions = client.SubmissionsApi(worker)
work = client.SubmissionInput(task_id=task.id, submission_details="A wren")
submission = submissions.post_submissions(work).submission
try:
    submissions.post_submissions(work)
    raise AssertionError("a second time is refused")
except client.ApiException as refused:
    assert refused.data.code == "already_submitted"

approved = client.SubmissionsApi(buyer).put_submissions_by_id_approve(submission.id)
assert approved.coins_added == 5

seen = submissions.get_submissions_by_id(submission.id).submission
assert seen.task_id.actual_instance.task_title == "Name a bird"
assert len(client.NotificationsApi(worker).get_notifications(limit=1)) == 1
client.PaymentsApi(buyer).get_payments_history()
