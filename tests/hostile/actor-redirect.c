/* SPDX-License-Identifier: MIT
 * Copyright (c) 2026 The rpi-rescue-netboot authors
 *
 * The image's URL answers with a redirect to a target of its own, which expires some time
 * after it was first asked, as the signed URLs of a release host do.
 */
#include "config.h"

#include <inttypes.h>
#include <stdio.h>

#include "actors.h"
#include "common/clock.h"

static enum hostile_after redirect(struct actors *a, const struct hostile_request *q)
{
	char more[64];
	uint64_t target;

	pthread_mutex_lock(&a->lock);
	target = a->counts.redirects++;
	a->first_asked_ms[target % TARGETS] = 0;
	pthread_mutex_unlock(&a->lock);
	snprintf(more, sizeof more, "Location: /target/%" PRIu64 "\r\n", target);
	return hostile_reply_short(q, q->decision.detail & 1 ? 302 : 307, more);
}

static bool is_expired(struct actors *a, uint64_t target)
{
	uint64_t *first = &a->first_asked_ms[target % TARGETS];
	bool expired = true;

	pthread_mutex_lock(&a->lock);
	if (target + TARGETS >= a->counts.redirects) {
		if (!*first)
			*first = clock_ms();
		expired = clock_ms() - *first > a->nature.target_ms;
	}
	a->counts.expired += expired;
	pthread_mutex_unlock(&a->lock);
	return expired;
}

bool actor_redirect_answer(struct actors *a, const struct hostile_request *q, enum hostile_after *after)
{
	uint64_t target;

	if (!a->nature.target_ms || q->redirected)
		return false;
	if (sscanf(q->path, "/target/%" SCNu64, &target) != 1)
		*after = redirect(a, q);
	else if (is_expired(a, target))
		*after = hostile_reply_short(q, a->nature.target_status, "");
	else
		return false;
	return true;
}
