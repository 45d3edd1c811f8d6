/* SPDX-License-Identifier: MIT
 * Copyright (c) 2026 The rpi-rescue-netboot authors
 */
#include "config.h"

#include <inttypes.h>
#include <stdio.h>

#include "actors.h"

void actors_begin(struct actors *a, const struct nature *nature)
{
	a->nature = *nature;
	pthread_mutex_init(&a->lock, NULL);
}

void actors_end(struct actors *a)
{
	pthread_mutex_destroy(&a->lock);
}

static void draw_profile(struct nature *n, struct prng *r)
{
	static const unsigned statuses[] = { 404, 403, 408, 425, 429, 500, 503 };

	n->profile = (enum profile_kind)(PROFILE_GOOD + prng_below(r, PROFILE_ENDLESS - PROFILE_GOOD));
	n->profile_status = statuses[prng_below(r, sizeof statuses / sizeof statuses[0])];
	n->profile_refusals = prng_percent(r, 40) ? 1 + (unsigned)prng_below(r, 3) : 0;
	/* The lines would take more time than the trial, too often. */
	if (n->profile == PROFILE_LONG && prng_percent(r, 50))
		n->profile = PROFILE_REFUSED;
}

static void draw_redirect(struct nature *n, struct prng *r)
{
	static const unsigned statuses[] = { 401, 403, 404, 410 };

	n->target_ms = 50 + (unsigned)prng_below(r, prng_percent(r, 50) ? 500 : 5000);
	n->target_status = statuses[prng_below(r, 4)];
}

static void draw_limit(struct nature *n, struct prng *r)
{
	static const unsigned statuses[] = { 0, 503, 429 };

	n->limit_status = statuses[prng_below(r, 3)];
	/* With an idle connection, one by reset leaves no room for a new one. */
	n->limit = (n->limit_status ? 1 : 2) + (unsigned)prng_below(r, 3);
}

static void draw_cache(struct nature *n, struct prng *r)
{
	n->stale_percent = prng_percent(r, 20) ? 100 : 1 + (unsigned)prng_below(r, 50);
	n->stale_more = prng_percent(r, 70) ? 0 : 4096 * (1 + (unsigned)prng_below(r, 300));
	n->asks_again = prng_percent(r, 30);
}

/* From random numbers of their own: the seeds of before keep the rest. */
static void draw_more(struct nature *n)
{
	struct prng r = prng_of(n->seed, 9);

	if (prng_percent(&r, 15))
		n->page_bytes = prng_percent(&r, 50) ? 1U << 20 : 1 + (unsigned)prng_below(&r, 100000);
	if (prng_percent(&r, 8))
		n->profile = PROFILE_ENDLESS;
	if (n->profile_status == 429 || n->profile_status == 503)
		n->profile_wait_s = (unsigned)prng_below(&r, 3);
	if (prng_percent(&r, 5))
		n->profile = PROFILE_SLOW;
}

void nature_draw(struct nature *n, struct prng *r, bool verified)
{
	n->seed = prng_next(r);
	draw_profile(n, r);
	if (prng_percent(r, 15))
		draw_redirect(n, r);
	if (prng_percent(r, 15))
		draw_limit(n, r);
	if (verified && prng_percent(r, 20))
		draw_cache(n, r);
	draw_more(n);
}

void nature_describe(const struct nature *n)
{
	fprintf(stderr, "    profile %s, first %u requests get %u", actor_profile_name(n->profile),
		n->profile_refusals, n->profile_status);
	if (n->profile_wait_s)
		fprintf(stderr, " and Retry-After: %u", n->profile_wait_s);
	fputc('\n', stderr);
	if (n->page_bytes)
		fprintf(stderr, "    errors and redirects with %u bytes\n", n->page_bytes);
	if (n->sick_blocks)
		fprintf(stderr, "    blocks %" PRIu64 " + %" PRIu64 " are never right\n", n->sick_block, n->sick_blocks);
	if (n->target_ms)
		fprintf(stderr, "    redirects to targets that answer %u after %u ms\n",
			n->target_status, n->target_ms);
	if (n->limit)
		fprintf(stderr, "    limit of %u %s at once, status %u\n", n->limit,
			n->limit_status ? "requests" : "connections", n->limit_status);
	if (n->stale_percent)
		fprintf(stderr, "    cache with %u %% of an image that has %u bytes more%s\n",
			n->stale_percent, n->stale_more, n->asks_again ? ", heeds no-cache" : "");
}

bool actors_answer(struct actors *a, struct hostile_request *q, enum hostile_after *after)
{
	if (q->is_profile && a->nature.profile != PROFILE_IMAGE) {
		*after = actor_profile_answer(a, q);
		return true;
	}
	return actor_redirect_answer(a, q, after) || actor_cache_answer(a, q, after) ||
	       actor_sick_answer(a, q, after);
}

struct actors_counts actors_counts(struct actors *a)
{
	struct actors_counts counts;

	pthread_mutex_lock(&a->lock);
	counts = a->counts;
	pthread_mutex_unlock(&a->lock);
	return counts;
}
