#include "http/answer.h"

#include "http/route.h"

static void write_fault(struct json *json, const struct fault *fault)
{
	json_object(json, NULL);
	json_text(json, "field", fault->field);
	json_text(json, "code", err_row(fault->err)->code);
	json_text(json, "message", fault->message);
	json_end(json);
}

static void write_faults(struct request *rq, enum err err, const char *sentence)
{
	struct json *json = &rq->json;

	if (rq->faults.count == 0 && !rq->detail.field)
		return;
	json_array(json, "errors");
	for (size_t i = 0; i < faults_told(&rq->faults); i++)
		write_fault(json, &rq->faults.list[i]);
	if (rq->detail.field)
		write_fault(json, &(struct fault){ .field = rq->detail.field,
						   .err = err,
						   .message = sentence });
	json_end(json);
}

static void write_numbers(struct request *rq)
{
	const struct err_detail *detail = &rq->detail;
	const struct faults *faults = &rq->faults;

	for (size_t i = 0; i < detail->number_count; i++)
		json_int(&rq->json, detail->numbers[i].name, detail->numbers[i].value);
	for (size_t i = 0; i < faults_told(faults); i++)
		if (faults->list[i].number_name)
			json_int(&rq->json, faults->list[i].number_name, faults->list[i].number);
}

static void write_body(struct request *rq, enum err err)
{
	const struct err_row *row = err_row(err);
	const struct err_detail *detail = &rq->detail;
	const char *sentence = detail->sentence ? detail->sentence : row->sentence;
	struct json *json = respond_status(rq, row->status);

	if (rq->path_flags & SAYS_SUCCESS)
		json_bool(json, "success", false);
	json_text(json, "error", sentence);
	json_text(json, "message", sentence);
	json_text(json, "code", row->code);
	json_text(json, "requestId", rq->request_id);
	write_numbers(rq);
	for (size_t i = 0; i < detail->text_count; i++)
		json_text(json, detail->texts[i].name, detail->texts[i].value);
	write_faults(rq, err, sentence);
	json_finish(json);
}

/* Seconds to wait before another try; 0 where waiting does not help. */
static int retry_after(const struct request *rq, enum err err)
{
	int status = err_row(err)->status;
	int standard = err == ERR_IN_PROGRESS ? 1 : status == 503 ? 2 : status == 429 ? 60 : 0;

	return standard > 0 && rq->detail.retry_after > 0 ? rq->detail.retry_after : standard;
}

void answer_refusal(struct request *rq, enum err err)
{
	int wait = retry_after(rq, err);

	write_body(rq, err);
	respond_header(rq, "Cache-Control", "no-store");
	if (rq->status == 401)
		respond_header(rq, "WWW-Authenticate", "Bearer");
	if (wait > 0)
		buffer_printf(&rq->headers, "Retry-After: %d\r\n", wait);
}

/* May others see this answer too? Whatever a token had a part in stays with its owner. */
static bool is_for_all(const struct request *rq)
{
	unsigned access = rq->route->access;

	if (rq->route->method != GET)
		return false;
	return access == ACCESS_PUBLIC || (access == ACCESS_OPTIONAL && !rq->authorization);
}

static void tag(struct request *rq)
{
	if (!rq->etag[0])
		request_etag(rq->out.bytes, rq->out.length, rq->etag);
	respond_header(rq, "ETag", rq->etag);
	if (rq->if_none_match && request_etag_listed(rq->if_none_match, rq->etag)) {
		rq->status = 304;
		buffer_reset(&rq->out);
	}
}

void answer_success(struct request *rq)
{
	json_finish(&rq->json);
	if (rq->replayed)
		respond_header(rq, "Idempotent-Replayed", "true");
	respond_header(rq, "Cache-Control", is_for_all(rq) ? "no-cache" : "no-store");
	if (rq->route->method == GET && rq->status == 200)
		tag(rq);
}
