/* The provider that takes no money: for trying out, and for tests. */
#include "market/payments_private.h"

static enum err ask(struct call *call, struct payment *payment)
{
	(void)call;
	(void)payment;
	return OK;
}

static enum err charge(struct call *call, struct payment *payment, const char *method)
{
	(void)method;
	payment->transaction =
		arena_printf(call->arena, "dummy_%s", id_text(call->arena, &payment->id));
	return OK;
}

static enum err check(struct call *call, struct payment *payment, const char *transaction)
{
	(void)call;
	payment->transaction = transaction;
	return OK;
}

const struct provider provider_dummy = {
	.name = "dummy",
	.ask = ask,
	.charge = charge,
	.check = check,
};
