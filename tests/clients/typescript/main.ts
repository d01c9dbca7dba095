// A worker's and a buyer's day, by the client that openapi-generator makes for typescript-fetch.
import { strict as assert } from "node:assert";
import {
    AuthApi, Configuration, NotificationsApi, PaymentsApi, SubmissionsApi, TasksApi,
    type ApiError, type ResponseError,
} from "./client/index.js";

// The address is the document's.
async function logIn(email: string): Promise<Configuration> {
    const { token } = await new AuthApi().postAuthLogin({ login: { email, password: "demo-pass-1" } });
    return new Configuration({ accessToken: token });
}

const buyer = await logIn("buyer@demo.example");
const worker = await logIn("worker@demo.example");

const { task } = await new TasksApi(buyer).postTasks({
    taskInput: {
        taskTitle: "Name a bird",
        taskDetail: "One that you see.",
        requiredWorkers: 1,
        payableAmount: 5,
        completionDate: "2035-01-31",
        submissionInfo: "Its name",
    },
});
assert.equal(task.completionDate.toISOString(), "2035-01-31T00:00:00.000Z");

const { tasks } = await new TasksApi(worker).getTasks({ limit: 100 });
assert(tasks.some((one) => one.id === task.id));

const submissions = new SubmissionsApi(worker);
const submissionInput = { taskId: task.id, submissionDetails: "A wren" };
const { submission } = await submissions.postSubmissions({ submissionInput });
const refused: ApiError = await submissions.postSubmissions({ submissionInput }).then(
    () => assert.fail("a second time is refused"),
    (error: ResponseError) => error.response.json(),
);
assert.equal(refused.code, "already_submitted");

const approved = await new SubmissionsApi(buyer).putSubmissionsByIdApprove({ id: submission.id });
assert.equal(approved.coinsAdded, 5);

const seen = await submissions.getSubmissionsById({ id: submission.id });
assert(typeof seen.submission.taskId === "object");
assert.equal(seen.submission.taskId.taskTitle, "Name a bird");
assert.equal((await new NotificationsApi(worker).getNotifications({ limit: 1 })).length, 1);
await new PaymentsApi(buyer).getPaymentsHistory();
