/* SPDX-License-Identifier: MIT
 * Copyright (c) 2026 The rpi-rescue-netboot authors
 *
 * The profile beside the image: good, of another image, as long as one may be, with lines
 * that overlap, with absurd numbers, or refused.
 */
#include "config.h"

#include <inttypes.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "actors.h"
#include "common/clock.h"
#include "common/profile.h"

#define LINE_MAX 64

struct text {
	char *bytes;
	size_t length, space;
};

static bool add(struct text *t, uint64_t offset, uint64_t length)
{
	if (t->space - t->length < LINE_MAX)
		return false;
	t->length += (size_t)sprintf(t->bytes + t->length, "%" PRIu64 " %" PRIu64 "\n", offset, length);
	return true;
}

static void add_good(struct text *t, struct prng *r, uint64_t size)
{
	unsigned lines = 1 + (unsigned)prng_below(r, 200);
	uint64_t offset;

	while (lines--) {
		offset = prng_below(r, size) & ~4095ULL;
		add(t, offset, 1 + prng_below(r, size - offset));
	}
}

static void add_long(struct text *t, struct prng *r)
{
	/* Each far from the one before, so that no two are one. */
	while (add(t, (prng_next(r) & 0xffffffff) * 4096, 4096))
		;
}

static void add_overlaps(struct text *t, struct prng *r, uint64_t size)
{
	while (add(t, prng_below(r, 4096), size))
		;
}

static void add_numbers(struct text *t, struct prng *r, uint64_t size)
{
	unsigned lines = 1 + (unsigned)prng_below(r, 50);

	add(t, 0, prng_percent(r, 50) ? UINT64_MAX : 1ULL << (30 + prng_below(r, 33)));
	while (lines--)
		add(t, prng_percent(r, 50) ? prng_next(r) : prng_below(r, size), prng_next(r) >> prng_below(r, 40));
	if (prng_percent(r, 50))
		t->length += (size_t)sprintf(t->bytes + t->length, "-4096 99999999999999999999 0x10\n");
}

static void write_text(struct text *t, const struct nature *n, uint64_t size)
{
	struct prng r = prng_of(n->seed, 7);
	unsigned i;

	t->length = (size_t)sprintf(t->bytes, "# farroot profile\n");
	if (n->profile == PROFILE_STALE) {
		t->length += (size_t)sprintf(t->bytes + t->length, "# roothash=");
		for (i = 0; i < 64; i++)
			t->bytes[t->length++] = "0123456789abcdef"[prng_below(&r, 16)];
		t->bytes[t->length++] = '\n';
	}
	switch (n->profile) {
	case PROFILE_LONG: add_long(t, &r); break;
	case PROFILE_OVERLAPS: add_overlaps(t, &r, size); break;
	case PROFILE_NUMBERS: add_numbers(t, &r, size); break;
	default: add_good(t, &r, size); break;
	}
}

static enum hostile_after give(struct actors *a, const struct hostile_request *q)
{
	struct text t = { .space = PROFILE_MAX_BYTES };
	enum hostile_after after;

	t.bytes = malloc(t.space);
	if (!t.bytes)
		return AFTER_CLOSE;
	write_text(&t, &a->nature, q->image_bytes);
	after = hostile_reply_whole(q, t.bytes, t.length);
	free(t.bytes);
	return after;
}

static bool passes(unsigned status)
{
	return status != 403 && status != 404;
}

const char *actor_profile_name(enum profile_kind kind)
{
	static const char *const names[PROFILE_KINDS] = {
		"image", "good", "stale", "long", "overlaps", "numbers", "refused" };

	return names[kind];
}

enum hostile_after actor_profile_answer(struct actors *a, const struct hostile_request *q)
{
	const struct nature *n = &a->nature;
	bool refuse;

	pthread_mutex_lock(&a->lock);
	refuse = a->counts.profile_requests++ < n->profile_refusals || n->profile == PROFILE_REFUSED;
	a->counts.profile_answer_ms = clock_ms();
	a->counts.profile_may_come = refuse && passes(n->profile_status);
	a->counts.profile_is_good = !refuse && n->profile == PROFILE_GOOD;
	pthread_mutex_unlock(&a->lock);
	return refuse ? hostile_reply_short(q, n->profile_status, "") : give(a, q);
}
