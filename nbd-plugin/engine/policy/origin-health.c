/* SPDX-License-Identifier: MIT
 * Copyright (c) 2026 The rpi-rescue-netboot authors
 */
#include "config.h"

#include "engine/policy/origin-health.h"

#define REST_FIRST_MS 500
#define DEMOTED_MS 30000
#define UNREACHED_REST_MS 500

/* Lower is better. */
enum rank { CLEAN, DEMOTED, AVOIDED, RETURNING, UNUSABLE };

static enum rank rank_of(const struct origin_health *h, uint64_t now_ms, bool avoided)
{
	if (h->failures)
		return h->probing || now_ms < h->next_try_ms ? UNUSABLE : RETURNING;
	if (avoided)
		return AVOIDED;
	return now_ms < h->demoted_until_ms ? DEMOTED : CLEAN;
}

int origin_health_pick(const struct origin_health *h, size_t count, uint64_t now_ms, int avoid)
{
	enum rank best_rank = UNUSABLE, rank;
	int best = -1;
	size_t i;

	for (i = 0; i < count; i++) {
		rank = rank_of(&h[i], now_ms, (int)i == avoid);
		if (rank < best_rank) {
			best_rank = rank;
			best = (int)i;
		}
	}
	return best;
}

bool origin_health_any_but(const struct origin_health *h, size_t count, int origin)
{
	size_t i;

	for (i = 0; i < count; i++)
		if ((int)i != origin && !h[i].failures)
			return true;
	return false;
}

int origin_health_due(const struct origin_health *h, size_t count, uint64_t now_ms)
{
	size_t i;

	if (!origin_health_any_but(h, count, -1))
		return -1;
	for (i = 0; i < count; i++)
		if (rank_of(&h[i], now_ms, false) == RETURNING)
			return (int)i;
	return -1;
}

uint64_t origin_health_wait(const struct origin_health *h, size_t count, uint64_t now_ms)
{
	uint64_t wait = UINT64_MAX, left;
	size_t i;

	for (i = 0; i < count; i++) {
		if (h[i].failures && h[i].probing)
			continue;
		left = !h[i].failures || h[i].next_try_ms <= now_ms ? 0 :
			h[i].next_try_ms - now_ms;
		if (left < wait)
			wait = left;
	}
	return wait;
}

void origin_health_success(struct origin_health *h)
{
	h->failures = 0;
	h->probing = false;
}

/* No response came: probably a fault of the link. */
static bool is_unreached(enum fault fault)
{
	return fault == FAULT_RESOLVE || fault == FAULT_CONNECT || fault == FAULT_STALL;
}

uint64_t origin_health_failure(struct origin_health *h, enum fault fault, uint64_t now_ms,
			uint64_t rest_max_ms, uint64_t retry_after_ms,
			unsigned random)
{
	bool was_probing = h->probing;
	uint64_t rest = REST_FIRST_MS;
	unsigned i;

	h->probing = false;
	if (fault == FAULT_CORRUPT) {
		h->demoted_until_ms = now_ms + DEMOTED_MS;
		return 0;
	}
	/* Concurrent requests fail together: this counts as one fault. */
	if (h->failures && !was_probing && now_ms < h->next_try_ms)
		return h->next_try_ms - now_ms;
	for (i = 0; i < h->failures && rest < rest_max_ms; i++)
		rest *= 2;
	if (!h->failures)
		h->since_ms = now_ms;
	if (is_unreached(fault) && rest > UNREACHED_REST_MS + (now_ms - h->since_ms) / 64)
		rest = UNREACHED_REST_MS + (now_ms - h->since_ms) / 64;
	if (rest < retry_after_ms)
		rest = retry_after_ms;
	if (rest > rest_max_ms)
		rest = rest_max_ms;
	rest = rest / 2 + random % (rest / 2 + 1);
	if (h->failures < 32)
		h->failures++;
	h->next_try_ms = now_ms + rest;
	return rest;
}

void origin_health_reset(struct origin_health *h, size_t count)
{
	size_t i;

	for (i = 0; i < count; i++) {
		h[i].next_try_ms = 0;
		/* The next fault starts with a short backoff again. */
		if (h[i].failures)
			h[i].failures = 1;
	}
}
