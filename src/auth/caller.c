#include "auth/caller.h"

#include "auth/token.h"
#include "store/doc.h"

int64_t caller_refused_until(const bson_t *user)
{
	if (!user || doc_bool(user, "closing", false))
		return INT64_MAX;
	return doc_whole(user, "tokens_valid_after", -1);
}

void caller_from(const bson_t *user, struct caller *caller)
{
	const char *name = doc_text(user, "name"), *email = doc_text(user, "email");

	*caller = (struct caller){
		.known = true,
		.role = role_of(doc_text(user, "role")),
		.name = name ? name : "",
		.email = email ? email : "",
		.coins = doc_whole(user, "coins", 0),
		.owed_coins = doc_whole(user, "owed_coins", 0),
		.issued_at = caller->issued_at,
		.expires_at = caller->expires_at,
		.record = user,
	};
	doc_id(user, "_id", &caller->id);
}

enum err caller_read(struct db *db, struct arena *arena, const struct config *config,
		     const char *token, int64_t now, struct caller *caller)
{
	const struct token_secrets secrets = { .current = config->jwt_secret,
					       .previous = config->jwt_secret_previous };
	struct token_claims claims;
	const bson_t *user = NULL;
	enum err err = token_verify(arena, &secrets, token, now, &claims);

	if (err == OK)
		err = db_find_id(db, arena, USERS, &claims.user, &user);
	if (err != OK)
		return err;
	caller->id = claims.user;
	if (claims.issued_at <= caller_refused_until(user))
		return ERR_UNAUTHORIZED;
	caller->issued_at = claims.issued_at;
	caller->expires_at = claims.expires_at;
	caller_from(user, caller);
	return OK;
}

char *caller_token(struct arena *arena, const char *secret, const bson_t *user)
{
	struct token_claims claims = {
		.email = doc_text(user, "email"),
		.role = doc_text(user, "role"),
		.issued_at = doc_whole(user, "last_token_at", 0),
	};

	doc_id(user, "_id", &claims.user);
	claims.expires_at = claims.issued_at + TOKEN_LIFE_SECONDS;
	return token_sign(arena, secret, &claims);
}
