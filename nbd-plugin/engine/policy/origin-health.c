/* SPDX-License-Identifier: MIT
 * Copyright (c) 2026 The rpi-rescue-netboot authors
 */
#include "config.h"

#include "common/backoff.h"
#include "engine/policy/origin-health.h"

#define REST_FIRST_MS 500
#define DEMOTED_MS 30000
#define UNREACHED_REST_MS 500
#define CORRUPT_MAX_BYTES (4U << 20)
/* Corrupt bytes that are accepted from an origin after each rest. */
#define CORRUPT_STEP_BYTES (8U << 10)
#define CORRUPT_REST_MS 1000
#define CORRUPT_REST_MAX_MS 600000
#define CORRUPT_PROBE_MS 30000

/* Lower is better.  LAST: a corrupt origin that may get a probe. */
enum rank { CLEAN, DEMOTED, AVOIDED, RETURNING, LAST, UNUSABLE };

bool origin_health_is_in_corrupt_pause(const struct origin_health *h, uint64_t now_ms)
{
	return now_ms < h->corrupt_until_ms;
}

static uint64_t corrupt_wait_until_ms(const struct origin_health *h)
{
	return h->corrupt_until_ms < h->corrupt_probe_ms ? h->corrupt_until_ms : h->corrupt_probe_ms;
}

void origin_health_sent(struct origin_health *h, uint64_t now_ms)
{
	if (!origin_health_is_in_corrupt_pause(h, now_ms))
		return;
	h->corrupt_probe_ms = now_ms + CORRUPT_PROBE_MS;
	h->corrupt_probed = true;
}

static enum rank rank_of(const struct origin_health *h, uint64_t now_ms, bool avoided)
{
	/* A request that was sent before may have been successful since the server asked. */
	if (now_ms < h->asked_until_ms || now_ms < corrupt_wait_until_ms(h))
		return UNUSABLE;
	if (h->failures)
		return h->probing || now_ms < h->next_try_ms ? UNUSABLE : RETURNING;
	if (origin_health_is_in_corrupt_pause(h, now_ms))
		return LAST;
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
	uint64_t wait = UINT64_MAX, next, left;
	size_t i;

	for (i = 0; i < count; i++) {
		if (h[i].failures && h[i].probing)
			continue;
		next = h[i].asked_until_ms;
		if (h[i].failures && next < h[i].next_try_ms)
			next = h[i].next_try_ms;
		if (next < corrupt_wait_until_ms(&h[i]))
			next = corrupt_wait_until_ms(&h[i]);
		left = next <= now_ms ? 0 : next - now_ms;
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

/* The server asked for this time.  Answers that come together may ask for different times, also
 * with a good one between them: the longest counts.
 */
static void keep_wish(struct origin_health *h, uint64_t now_ms, uint64_t retry_after_ms, unsigned random)
{
	uint64_t wish = now_ms + backoff_wish_ms(retry_after_ms, random);

	if (h->asked_until_ms < now_ms + retry_after_ms)
		h->asked_until_ms = now_ms + retry_after_ms;
	if (h->next_try_ms < wish)
		h->next_try_ms = wish;
}

uint64_t origin_health_failure(struct origin_health *h, enum fault fault, uint64_t now_ms,
			uint64_t rest_max_ms, uint64_t retry_after_ms,
			unsigned random)
{
	bool was_probing = h->probing;
	uint64_t rest;

	h->probing = false;
	if (fault == FAULT_CORRUPT) {
		h->demoted_until_ms = now_ms + DEMOTED_MS;
		return 0;
	}
	/* Concurrent requests fail together: this counts as one fault. */
	if (h->failures && !was_probing && now_ms < h->next_try_ms) {
		if (now_ms + retry_after_ms > h->next_try_ms)
			keep_wish(h, now_ms, retry_after_ms, random);
		return h->next_try_ms - now_ms;
	}
	rest = backoff_ms(REST_FIRST_MS, rest_max_ms, h->failures);
	if (!h->failures)
		h->since_ms = now_ms;
	if (is_unreached(fault) && rest > UNREACHED_REST_MS + (now_ms - h->since_ms) / 64)
		rest = UNREACHED_REST_MS + (now_ms - h->since_ms) / 64;
	rest = rest / 2 + random % (rest / 2 + 1);
	if (h->failures < 32)
		h->failures++;
	h->next_try_ms = now_ms + rest;
	if (rest < retry_after_ms)
		keep_wish(h, now_ms, retry_after_ms, random);
	if (h->next_try_ms < h->asked_until_ms)
		h->next_try_ms = h->asked_until_ms;
	return h->next_try_ms - now_ms;
}

void origin_health_corrupt(struct origin_health *h, uint64_t now_ms, uint64_t bytes)
{
	h->corrupt_bytes += bytes;
	/* Requests that were in flight before are one fault. */
	if (h->corrupt_bytes <= CORRUPT_MAX_BYTES || now_ms < h->corrupt_until_ms)
		return;
	h->corrupt_until_ms = now_ms + backoff_ms(CORRUPT_REST_MS, CORRUPT_REST_MAX_MS, h->corrupt_times);
	h->corrupt_probe_ms = now_ms + CORRUPT_PROBE_MS;
	h->corrupt_probed = false;
	h->corrupt_bytes = CORRUPT_MAX_BYTES - CORRUPT_STEP_BYTES;
	if (h->corrupt_times < 32)
		h->corrupt_times++;
}

void origin_health_verified(struct origin_health *h, uint64_t bytes)
{
	uint64_t credit = bytes / 8;

	h->corrupt_bytes -= credit < h->corrupt_bytes ? credit : h->corrupt_bytes;
	/* Not by what was requested before the pause. */
	if (h->corrupt_probed) {
		h->corrupt_until_ms = 0;
		h->corrupt_bytes = CORRUPT_MAX_BYTES - CORRUPT_STEP_BYTES;
	}
	h->corrupt_probed = false;
	if (h->corrupt_bytes < CORRUPT_MAX_BYTES / 2)
		h->corrupt_times = 0;
}

bool origin_health_is_corrupt(const struct origin_health *h)
{
	return h->corrupt_times > 0;
}

void origin_health_hurry(struct origin_health *h, uint64_t at_ms)
{
	if (h->next_try_ms <= at_ms)
		return;
	h->next_try_ms = at_ms > h->asked_until_ms ? at_ms : h->asked_until_ms;
}

void origin_health_reset(struct origin_health *h, size_t count)
{
	size_t i;

	for (i = 0; i < count; i++) {
		h[i].next_try_ms = h[i].asked_until_ms;
		/* The next fault starts with a short backoff again. */
		if (h[i].failures)
			h[i].failures = 1;
	}
}
