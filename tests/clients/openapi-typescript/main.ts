// A worker's and a buyer's day, by openapi-fetch over the types that openapi-typescript makes.
import { strict as assert } from "node:assert";
import createClient from "openapi-fetch";
import type { paths } from "./client.js";

const baseUrl = process.env.SERVER!;

/** What a call answered; it must not have been refused. */
function done<T>({ data, error }: { data?: T; error?: unknown }): T {
    assert(data, JSON.stringify(error));
    return data;
}

async function logIn(email: string) {
    const anyone = createClient<paths>({ baseUrl });
    const { token } = done(await anyone.POST("/auth/login", { body: { email, password: "demo-pass-1" } }));
    return createClient<paths>({ baseUrl, headers: { Authorization: `Bearer ${token}` } });
}

const buyer = await logIn("buyer@demo.example");
const worker = await logIn("worker@demo.example");

const { task } = done(await buyer.POST("/tasks", {
    body: {
        task_title: "Name a bird",
        task_detail: "One that you see.",
        required_workers: 1,
        payable_amount: 5,
        completion_date: "2035-01-31",
        submission_info: "Its name",
    },
}));
assert.equal(task.completion_date, "2035-01-31T00:00:00.000Z");

const { tasks } = done(await worker.GET("/tasks", { params: { query: { limit: 100 } } }));
assert(tasks.some((one) => one._id === task._id));

const work = { body: { task_id: task._id, submission_details: "A wren" } };
const { submission } = done(await worker.POST("/submissions", work));
const again = await worker.POST("/submissions", work);
assert.equal(again.error?.code, "already_submitted");

const path = { id: submission._id };
const approved = done(await buyer.PUT("/submissions/{id}/approve", { params: { path } }));
assert.equal(approved.coinsAdded, 5);

const seen = done(await worker.GET("/submissions/{id}", { params: { path } }));
assert(typeof seen.submission.task_id === "object");
assert.equal(seen.submission.task_id.task_title, "Name a bird");
assert.equal(done(await worker.GET("/notifications", { params: { query: { limit: 1 } } })).length, 1);
done(await buyer.GET("/payments/history"));
