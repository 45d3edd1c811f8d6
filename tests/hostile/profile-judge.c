/* SPDX-License-Identifier: MIT
 * Copyright (c) 2026 The rpi-rescue-netboot authors
 */
#include "config.h"

#include "profile-judge.h"

/* After this number the engine may have given up, if connections failed, too. */
#define TRIES 3

bool profile_is_due(struct hostile_origin *const *origins, unsigned count, const struct status *status)
{
	struct actors_counts c, last = { .profile_answer_ms = 0 };
	uint64_t requests = 0;
	unsigned i;

	for (i = 0; i < count; i++) {
		c = hostile_origin_counts(origins[i]).actors;
		requests += c.profile_requests;
		if (c.profile_answer_ms > last.profile_answer_ms)
			last = c;
	}
	if (status->state == STATUS_MATERIALIZED || !last.profile_answer_ms)
		return false;
	if (last.profile_is_good)
		return status->ready_needs_bytes > 0;
	return last.profile_may_come && requests <= TRIES;
}

bool profile_is_misused(const struct nature *const *natures, unsigned count, const struct status *status)
{
	unsigned i;

	for (i = 0; i < count; i++)
		if (natures[i]->profile != PROFILE_STALE && natures[i]->profile != PROFILE_REFUSED)
			return false;
	return count && status->ready_needs_bytes > 0;
}
