/* SPDX-License-Identifier: MIT
 * Copyright (c) 2026 The rpi-rescue-netboot authors
 *
 * The profile beside the image: good, of another image, as long as one may be, with lines
 * that overlap, with absurd numbers, without an end, so slow that it takes hours, or refused.
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
/* The clock of the client may be behind by this. */
#define HASTE_MS 20
/* As much as no client should take. */
#define ENDLESS_BYTES (64ULL << 20)
#define ENDLESS_LINES 1000
/* More than what counts as a stall. */
#define SLOW_BYTES 300
#define SLOW_STEP_MS 1000

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
	case PROFILE_LONG: case PROFILE_SLOW: add_long(t, &r); break;
	case PROFILE_OVERLAPS: add_overlaps(t, &r, size); break;
	case PROFILE_NUMBERS: add_numbers(t, &r, size); break;
	default: add_good(t, &r, size); break;
	}
}

static enum hostile_after give_slowly(const struct hostile_request *q, const struct text *t)
{
	char head[128];

	snprintf(head, sizeof head, "HTTP/1.1 200 OK\r\nContent-Length: %zu\r\n\r\n", t->length);
	return hostile_send(q, head, strlen(head)) &&
	       hostile_drip(q, (const uint8_t *)t->bytes, t->length, SLOW_BYTES, SLOW_STEP_MS) ?
	       AFTER_KEEP : AFTER_CLOSE;
}

static enum hostile_after give(struct actors *a, const struct hostile_request *q)
{
	struct text t = { .space = PROFILE_MAX_BYTES };
	enum hostile_after after;

	t.bytes = malloc(t.space);
	if (!t.bytes)
		return AFTER_CLOSE;
	write_text(&t, &a->nature, q->image_bytes);
	after = a->nature.profile == PROFILE_SLOW ? give_slowly(q, &t) : hostile_reply_whole(q, t.bytes, t.length);
	free(t.bytes);
	return after;
}

/* Lines of a good profile, again and again; it has no length. */
static enum hostile_after give_for_ever(const struct hostile_request *q)
{
	static const char head[] = "HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\n\r\n", line[] = "0 4096\n";
	char chunk[8 + ENDLESS_LINES * (sizeof line - 1)];
	size_t length = (size_t)sprintf(chunk, "%zx\r\n", ENDLESS_LINES * (sizeof line - 1));
	uint64_t sent;
	unsigned i;

	for (i = 0; i < ENDLESS_LINES; i++, length += sizeof line - 1)
		memcpy(chunk + length, line, sizeof line - 1);
	memcpy(chunk + length, "\r\n", 2);
	length += 2;
	if (!hostile_send(q, head, sizeof head - 1))
		return AFTER_CLOSE;
	for (sent = 0; sent < ENDLESS_BYTES && !*q->healed; sent += length)
		if (!hostile_send_slowly(q, chunk, length))
			return AFTER_CLOSE;
	return hostile_send(q, "0\r\n\r\n", 5) ? AFTER_KEEP : AFTER_CLOSE;
}

static bool passes(unsigned status)
{
	return status != 403 && status != 404;
}

const char *actor_profile_name(enum profile_kind kind)
{
	static const char *const names[PROFILE_KINDS] = {
		"image", "good", "stale", "long", "overlaps", "numbers", "refused", "endless", "slow" };

	return names[kind];
}

static enum hostile_after refuse(const struct nature *n, const struct hostile_request *q)
{
	char more[64] = "";

	if (n->profile_wait_s)
		snprintf(more, sizeof more, "Retry-After: %u\r\n", n->profile_wait_s);
	return hostile_reply_short(q, n->profile_status, more);
}

/* The lock is held. */
static bool note(struct actors *a)
{
	const struct nature *n = &a->nature;
	bool is_refused = a->counts.profile_requests++ < n->profile_refusals || n->profile == PROFILE_REFUSED;
	uint64_t now = clock_ms();

	a->counts.profile_hasty += now + HASTE_MS < a->profile_quiet_ms;
	if (is_refused && n->profile_wait_s) {
		a->counts.profile_asked++;
		a->profile_quiet_ms = now + 1000 * n->profile_wait_s;
	}
	a->counts.profile_answer_ms = now;
	a->counts.profile_may_come = is_refused && passes(n->profile_status);
	a->counts.profile_is_good = !is_refused && n->profile == PROFILE_GOOD;
	return is_refused;
}

enum hostile_after actor_profile_answer(struct actors *a, const struct hostile_request *q)
{
	const struct nature *n = &a->nature;
	bool is_refused;

	pthread_mutex_lock(&a->lock);
	is_refused = note(a);
	pthread_mutex_unlock(&a->lock);
	if (is_refused)
		return refuse(n, q);
	return n->profile == PROFILE_ENDLESS ? give_for_ever(q) : give(a, q);
}
