#include "base/clock.h"
#include "ctl/seed_private.h"
#include "market/ledger.h"
#include "market/notifications.h"
#include "market/status.h"
#include "market/tasks.h"
#include "market/users.h"
#include "market/words.h"
#include "store/doc.h"
#include "store/mark.h"

#include <stdlib.h>

/* One task and who posted it. */
struct posting {
	int64_t index;
	const struct shape *shape;
	int64_t price, created, deadline, refunded; /* refunded: slots at its end */
	int64_t buyer; /* number */
	struct id id, buyer_id;
	const char *title, *buyer_email, *buyer_name;
};

static void record_add(struct seeding *seeding, enum collection in, const bson_t *doc)
{
	struct bulk *bulk = &seeding->bulks[in];

	if (bulk->count == SEED_BULK_MAX)
		abort();
	bulk->docs[bulk->count++] = mark_add(seeding->arena, in, doc);
}

static void move(struct seeding *seeding, const struct transfer *transfer, const char *actor,
		 int64_t at)
{
	record_add(seeding, LEDGER, ledger_row(seeding->arena, transfer, actor, "seed-demo", at));
}

/* ---- users ---- */

/* What there was before the first task: the bonus, and enough to pay the tasks and have something left. */
static int64_t fund(struct seeding *seeding, int64_t user, const struct id *id, int64_t at)
{
	struct arena *arena = seeding->arena;
	bool buyer = seed_is_buyer(seeding, user);
	int64_t bonus = user == 0 ? 0 : buyer ? BONUS_BUYER : BONUS_WORKER;
	int64_t opening = buyer ? 200 + 150 * (user % 4) - seeding->tallies[user].coins : 0;
	const char *hex = id_text(arena, id);
	struct account account = account_user(id);

	if (bonus)
		move(seeding,
		     &(struct transfer){ .key = arena_printf(arena, "bonus:%s", hex),
					 .from = { .kind = ACCOUNT_GRANTS },
					 .to = account,
					 .coins = bonus,
					 .kind = "bonus" },
		     "service", at);
	if (opening)
		move(seeding,
		     &(struct transfer){ .key = arena_printf(arena, "opening:user:%s", hex),
					 .from = { .kind = ACCOUNT_OPENING },
					 .to = account,
					 .coins = opening,
					 .kind = "opening" },
		     "service", at);
	return bonus + opening;
}

void seed_add_user(struct seeding *seeding, int64_t user)
{
	struct arena *arena = seeding->arena;
	const struct tally *tally = &seeding->tallies[user];
	struct id id = seed_id(KIND_USER, user);
	int64_t created = seeding->now - 40 * CLOCK_DAY + user % CLOCK_DAY;
	const char *email = seed_email(seeding, user);
	const char *role = user == 0 ? "admin" : seed_is_buyer(seeding, user) ? "buyer" : "worker";
	const char *name = seed_name(arena, user);
	int64_t coins = fund(seeding, user, &id, created) + tally->coins;
	bson_t *doc = DOC(
		arena, ID("_id", &id), TEXT("name", name), TEXT("email", email),
		TEXT("password", seeding->hash), TEXT("photoURL", ""), TEXT("role", role),
		TEXT("authProvider", "email"),
		DATE("lastLogin", seeding->now - user % 20 * CLOCK_DAY), DATE("createdAt", created),
		TEXT("email_key", email), INT("open_tasks", tally->open_tasks),
		INT("pending_submissions", tally->pending), INT("pending_withdrawals", 0));

	bson_concat(doc, ledger_balances(arena, coins));
	user_search_set(arena, doc, name, email);
	record_add(seeding, USERS, doc);
}

/* ---- tasks ---- */

static int64_t handed_in_at(const struct posting *task, int work)
{
	return task->created + 5 * CLOCK_MINUTE * (work + 1);
}

static struct posting posting_of(struct seeding *seeding, int64_t index)
{
	const struct shape *shape = seed_shape(index);
	struct posting task = {
		.index = index,
		.shape = shape,
		.price = seed_task(index)->price,
		.created = seed_created_at(seeding, index),
		.refunded = shape->fate == OPEN ? 0 : shape->open,
		.buyer = seed_buyer(seeding, index),
		.id = seed_id(KIND_TASK, index),
		.title = seed_title(seeding->arena, index),
	};

	task.deadline = seeding->now - seeding->now % CLOCK_MINUTE + shape->days * CLOCK_DAY +
			index % (24 * 60) * CLOCK_MINUTE;
	if (shape->fate == EXPIRED)
		task.deadline = task.created + 30 * CLOCK_MINUTE;
	if (shape->whole_day)
		task.deadline -= task.deadline % CLOCK_DAY;
	task.buyer_id = seed_id(KIND_USER, task.buyer);
	task.buyer_email = seed_email(seeding, task.buyer);
	task.buyer_name = seed_name(seeding->arena, task.buyer);
	return task;
}

/* Each submission, rejection and end has changed the task once. */
static int64_t revision_of(const struct posting *task)
{
	return seed_works(task->shape) + task->shape->rejected + (task->refunded > 0);
}

static int64_t ended_at(const struct posting *task)
{
	return task->shape->fate == EXPIRED ? task->deadline :
					      handed_in_at(task, seed_works(task->shape));
}

static void task_doc_add(struct seeding *seeding, const struct posting *task)
{
	static const char *const statuses[] = { [OPEN] = "active",
						[COMPLETED] = "completed",
						[CANCELLED] = "cancelled",
						[EXPIRED] = "active" };
	struct arena *arena = seeding->arena;
	const struct seed_task *text = seed_task(task->index);
	const struct shape *shape = task->shape;
	int64_t closes = task_closes_at(task->deadline);
	bson_t *doc =
		DOC(arena, ID("_id", &task->id), TEXT("task_title", task->title),
		    TEXT("task_detail", text->detail),
		    WHOLE("required_workers", shape->fate == OPEN ? shape->open : 0),
		    WHOLE("payable_amount", task->price), DATE("completion_date", task->deadline),
		    TEXT("submission_info", text->submission_info), TEXT("task_image_url", ""),
		    TEXT("category", text->category), TEXT("buyer_email", task->buyer_email),
		    TEXT("buyer_name", task->buyer_name), ID("buyer_id", &task->buyer_id),
		    TEXT("status", statuses[shape->fate]), DATE("createdAt", task->created),
		    DATE("updatedAt", shape->fate == OPEN ? task->created : ended_at(task)),
		    DATE("expires_at", closes), WHOLE("rev", revision_of(task)));

	words_set(arena, doc, task->title, text->detail);
	record_add(seeding, TASKS, doc);
}

/* Into escrow at the start, and out of it again what was left open at the end. */
static void task_moves_add(struct seeding *seeding, const struct posting *task)
{
	struct arena *arena = seeding->arena;
	const struct shape *shape = task->shape;
	const char *hex = id_text(arena, &task->id), *actor = id_text(arena, &task->buyer_id);
	const char *end = shape->fate == CANCELLED ? "cancel" : "expire";
	struct transfer in = {
		.key = arena_printf(arena, "task:%s", hex),
		.from = account_user(&task->buyer_id),
		.to = account_escrow(&task->id),
		.coins = (shape->open + shape->approved + shape->pending) * task->price,
		.kind = "task",
	};
	struct transfer out = {
		.key = arena_printf(arena, "%s:%s:%lld", end, hex,
				    (long long)revision_of(task) - 1),
		.from = in.to,
		.to = in.from,
		.coins = task->refunded * task->price,
		.kind = end,
	};

	move(seeding, &in, actor, task->created);
	if (task->refunded)
		move(seeding, &out, shape->fate == CANCELLED ? actor : "service", ended_at(task));
}

/* ---- work ---- */

/* One submission, and where it stands. */
struct work {
	int64_t index, worker;
	bool approved, rejected;
	int64_t handed_in, reviewed;
	struct id id, worker_id;
	const char *worker_email, *worker_name;
};

static struct work work_of(struct seeding *seeding, const struct posting *task, int index)
{
	const struct shape *shape = task->shape;
	struct work work = {
		.index = task->index * 8 + index,
		.worker = seed_worker(seeding, task->index, index),
		.approved = index < shape->approved,
		.rejected = index >= shape->approved && index < shape->approved + shape->rejected,
		.handed_in = handed_in_at(task, index),
	};

	work.reviewed = work.handed_in + 3 * CLOCK_MINUTE;
	work.id = seed_id(KIND_SUBMISSION, work.index);
	work.worker_id = seed_id(KIND_USER, work.worker);
	work.worker_email = seed_email(seeding, work.worker);
	work.worker_name = seed_name(seeding->arena, work.worker);
	return work;
}

static bool is_reviewed(const struct work *work)
{
	return work->approved || work->rejected;
}

static void submission_add(struct seeding *seeding, const struct posting *task,
			   const struct work *work)
{
	struct arena *arena = seeding->arena;
	const char *key = arena_printf(arena, "%s:%s", id_text(arena, &work->worker_id),
				       id_text(arena, &task->id));
	bson_t *doc = DOC(
		arena, ID("_id", &work->id), ID("task_id", &task->id),
		TEXT("task_title", task->title), WHOLE("payable_amount", task->price),
		ID("worker_id", &work->worker_id), TEXT("worker_email", work->worker_email),
		TEXT("worker_name", work->worker_name),
		TEXT("submission_details", seed_work(work->index)), ID("buyer_id", &task->buyer_id),
		TEXT("buyer_email", task->buyer_email), TEXT("buyer_name", task->buyer_name),
		TEXT("status", status_name(work->approved ? STATUS_APPROVED :
					   work->rejected ? STATUS_REJECTED :
							    STATUS_PENDING)),
		DATE("submitted_date", work->handed_in), DATE("createdAt", work->handed_in),
		DATE("updatedAt", is_reviewed(work) ? work->reviewed : work->handed_in),
		TEXT("slot_key", key));

	if (is_reviewed(work))
		BSON_APPEND_DATE_TIME(doc, "reviewed_date", work->reviewed);
	if (work->rejected)
		BSON_APPEND_UTF8(doc, "rejection_reason", seed_reason(work->index));
	record_add(seeding, SUBMISSIONS, doc);
}

static void reward_add(struct seeding *seeding, const struct posting *task, const struct work *work)
{
	struct arena *arena = seeding->arena;

	move(seeding,
	     &(struct transfer){
		     .key = arena_printf(arena, "approve:%s", id_text(arena, &work->id)),
		     .from = account_escrow(&task->id),
		     .to = account_user(&work->worker_id),
		     .coins = task->price,
		     .kind = "reward",
		     .buyer = &task->buyer_id },
	     id_text(arena, &task->buyer_id), work->reviewed);
}

/* The buyer is told of work to review, the worker of the review. */
static const char *notice_text(struct arena *arena, const struct posting *task,
			       const struct work *work)
{
	if (work->approved)
		return arena_printf(
			arena,
			"Your submission for \"%s\" has been approved. You earned %lld coins.",
			task->title, (long long)task->price);
	if (work->rejected)
		return arena_printf(arena, "Your submission for \"%s\" was rejected. Reason: %s",
				    task->title, seed_reason(work->index));
	return arena_printf(arena, "New submission for your task \"%s\" by %s.", task->title,
			    work->worker_name);
}

static void notice_add(struct seeding *seeding, const struct posting *task, const struct work *work)
{
	struct id id = seed_id(KIND_NOTIFICATION, work->index);
	bool reviewed = is_reviewed(work);
	int64_t at = reviewed ? work->reviewed : work->handed_in;

	record_add(seeding, NOTIFICATIONS,
		   DOC(seeding->arena, ID("_id", &id),
		       ID("user_id", reviewed ? &work->worker_id : &task->buyer_id),
		       TEXT("toEmail", reviewed ? work->worker_email : task->buyer_email),
		       TEXT("message", notice_text(seeding->arena, task, work)),
		       TEXT("actionRoute", reviewed ? PAGE_WORKER_SUBMISSIONS : PAGE_BUYER_REVIEW),
		       TEXT("type", notification_kinds[work->approved ? NOTIFICATION_APPROVAL :
						       work->rejected ? NOTIFICATION_REJECTION :
									NOTIFICATION_SUBMISSION]),
		       BOOL("isRead", work->index % 3 == 0), BOOL("archived", false),
		       DATE("createdAt", at), DATE("updatedAt", at)));
}

void seed_add_task(struct seeding *seeding, int64_t index)
{
	struct posting task = posting_of(seeding, index);

	task_doc_add(seeding, &task);
	task_moves_add(seeding, &task);
	for (int i = 0; i < seed_works(task.shape); i++) {
		struct work work = work_of(seeding, &task, i);

		submission_add(seeding, &task, &work);
		if (work.approved)
			reward_add(seeding, &task, &work);
		notice_add(seeding, &task, &work);
	}
}
