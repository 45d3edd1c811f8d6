/* SPDX-License-Identifier: MIT
 * Copyright (c) 2026 The rpi-rescue-netboot authors
 *
 * A server that takes a few requests at once and answers 503 or 429 to more, as nginx's
 * limit_conn, or one behind a middlebox that resets each connection beyond a number.
 */
#include "config.h"

#include <unistd.h>

#include "actors.h"

#define SERVICE_US 10000

bool actor_limit_enter(struct actors *a)
{
	bool refuse;

	pthread_mutex_lock(&a->lock);
	refuse = a->nature.limit && !a->nature.limit_status && a->connections >= a->nature.limit;
	a->counts.over_limit += refuse;
	a->connections += !refuse;
	pthread_mutex_unlock(&a->lock);
	return !refuse;
}

void actor_limit_leave(struct actors *a)
{
	pthread_mutex_lock(&a->lock);
	a->connections--;
	pthread_mutex_unlock(&a->lock);
}

bool actor_limit_begin(struct actors *a, const struct hostile_request *q, enum hostile_after *after)
{
	bool refuse;

	pthread_mutex_lock(&a->lock);
	refuse = a->nature.limit && a->nature.limit_status && a->requests >= a->nature.limit;
	a->counts.over_limit += refuse;
	a->requests += !refuse;
	pthread_mutex_unlock(&a->lock);
	/* Requests that take time are in flight together. */
	if (!refuse && a->nature.limit)
		usleep(SERVICE_US);
	if (refuse)
		*after = hostile_reply_short(q, a->nature.limit_status, "");
	return refuse;
}

void actor_limit_end(struct actors *a)
{
	pthread_mutex_lock(&a->lock);
	a->requests--;
	pthread_mutex_unlock(&a->lock);
}
