/* The numbers of the admins' front page, all computed from the data (contract section 9). */
#ifndef MARKET_STATS_H
#define MARKET_STATS_H

#include "market/market.h"

/* Percentages are in hundredths of a percent. Users who are being removed count only in coins. */
struct stats {
	int64_t workers, buyers, admins;
	int64_t tasks, active_tasks;
	int64_t submissions, pending_submissions;
	int64_t coins; /* of all users, to spend */
	int64_t payments; /* completed, in cents */
	int64_t reversed_coins; /* of payments that went back: taken back or owed */
	int64_t owed_coins; /* of these, what is owed now */
	int64_t pending_withdrawals;
	int64_t completion_rate; /* how many of the reviewed submissions were approved */
	int64_t weekly_growth; /* new users of the last 7 days against the 7 before */
	int64_t platform_growth; /* the same over 30 days */
	int64_t monthly_active; /* users who logged in within 30 days */
};

/* Numbers of a collection with more than 100,000 records may be up to five seconds old. */
enum err stats_read(struct call *call, struct stats *stats);

/* Percentages in hundredths, rounded, halves away from 0: how much part is of whole (0 if whole is 0), and how much
 * more or less now is than before (0 if before is 0). They are for counts, which are too small for the products to
 * overflow. */
int64_t stats_share(int64_t part, int64_t whole);
int64_t stats_growth(int64_t before, int64_t now);

#endif
