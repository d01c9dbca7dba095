// The first page: version, readiness, and the open tasks, looked at again while somebody watches.
// Whatever a task says comes from strangers: it is set as text, never as markup.

const EVERY_MS = 15000;
const PAGE = 12;

const at = (id) => document.getElementById(id);
const counted = (number, one, many = `${one}s`) => `${number.toLocaleString()} ${number === 1 ? one : many}`;

function element(name, text, attributes = {}) {
	const made = Object.assign(document.createElement(name), attributes);
	if (text !== undefined) made.textContent = text;
	return made;
}

// A live region is read out whenever it is written to, so only when it says something else.
function say(id, text) {
	if (at(id).textContent !== text) at(id).textContent = text;
}

async function get(path) {
	const answer = await fetch(path, { headers: { Accept: "application/json" } });
	return { ok: answer.ok, body: await answer.json() };
}

// --- this service ---

async function showVersion() {
	const { body } = await get("/api/openapi.json");
	say("version", body.info.version);
}

async function showState() {
	const { ok, body } = await get("/api/health/ready").catch(() => ({ ok: false, body: { error: "It cannot be reached." } }));
	say("state", ok ? "ready" : `not ready: ${body.error}`);
	at("state").className = ok ? "good" : "bad";
}

// --- the open tasks ---

function deadline(task) {
	const date = new Date(task.completion_date);
	const wholeDay = date.getTime() % 86400000 === 0; // a deadline at midnight UTC is that whole day
	const shown = wholeDay
		? date.toLocaleDateString(undefined, { dateStyle: "medium", timeZone: "UTC" })
		: date.toLocaleString(undefined, { dateStyle: "medium", timeStyle: "short" });
	return element("time", shown, { dateTime: task.completion_date });
}

function facts(task) {
	const list = element("dl");
	const add = (name, value) => {
		const row = element("div");
		const said = element("dd");
		said.append(value);
		row.append(element("dt", name), said);
		list.append(row);
	};
	add("pays", counted(task.payable_amount, "coin"));
	add("open", counted(task.required_workers, "slot"));
	add("until", deadline(task));
	if (task.buyer_name) add("by", element("bdi", task.buyer_name));
	if (task.category) add("in", element("bdi", task.category));
	return list;
}

function card(task, isNew) {
	const item = element("li", undefined, { className: isNew ? "new" : "" });
	item.append(element("h3", task.task_title, { dir: "auto" }), element("p", task.task_detail, { dir: "auto" }), facts(task));
	return item;
}

let shown = null; // ids of the tasks on the page; null: none yet
let wanted = PAGE; // how many to show

async function readTasks() {
	const tasks = [];
	let next = null, total = 0;
	do {
		const query = new URLSearchParams({ limit: Math.min(wanted - tasks.length, 100), ...(next && { after: next }) });
		const { ok, body } = await get(`/api/public/tasks?${query}`);
		if (!ok) throw new Error(body.error);
		tasks.push(...body.tasks);
		({ next, total } = body);
	} while (next && tasks.length < wanted);
	return { tasks, total, next };
}

async function showTasks() {
	const { tasks, total, next } = await readTasks();
	const before = shown;
	shown = new Set(tasks.map((task) => task._id));
	const text = JSON.stringify(tasks);
	if (at("tasks").dataset.text !== text) {
		at("tasks").dataset.text = text;
		at("tasks").replaceChildren(...tasks.map((task) => card(task, before && !before.has(task._id))));
	}
	say("count", total ? `${counted(total, "task")} to choose from, the newest first.` : "No task is open at the moment.");
	at("more").hidden = !next;
}

async function look() {
	await showState();
	await showTasks().catch((problem) => say("count", `The tasks could not be read: ${problem.message}`));
}

// Whoever works with the keyboard goes on at the first task that came.
async function showMore() {
	const from = at("tasks").children.length;
	at("more").disabled = true;
	wanted += PAGE;
	await look();
	at("more").disabled = false;
	const first = at("tasks").children[from];
	if (first) {
		first.tabIndex = -1;
		first.focus();
	}
}

at("more").addEventListener("click", showMore);
const lookIfWatched = () => {
	if (at("refresh").checked && !document.hidden) look();
};
setInterval(lookIfWatched, EVERY_MS);
document.addEventListener("visibilitychange", lookIfWatched);
showVersion().catch(() => say("version", "unknown"));
look();
