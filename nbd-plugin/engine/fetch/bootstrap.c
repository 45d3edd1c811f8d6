/* SPDX-License-Identifier: MIT
 * Copyright (c) 2026 The rpi-rescue-netboot authors
 */
#include "config.h"

#include <errno.h>
#include <inttypes.h>
#include <stdio.h>
#include <string.h>

#include "common/clock.h"
#include "engine/fetch/bootstrap.h"

#define TICK_MS 500
#define REST_FIRST_MS 500
/* Superblock, top, and one more: as much as TCP sends without having heard from us,
 * ten segments.  Anything more costs a far link another round trip.
 */
#define TOP_BLOCKS 3

static void wait_a_tick(struct opening *o, uint64_t most_ms)
{
	o->tick(o->ctx);
	origins_poll(o->origins, most_ms < TICK_MS ? (unsigned)most_ms : TICK_MS);
}

/* Gets one extent, however long it takes.  -EAGAIN: an origin failed, and the
 * size that was asked for on another's word may be why.
 */
static int get(struct opening *o, uint64_t start, uint32_t count, bool size_is_hearsay,
	       struct inflight **out)
{
	struct extent extent = { .start = start, .count = count, .avoid = -1 };
	uint64_t wait_ms;
	struct inflight *inflight;
	int err;

	while (!*o->stop) {
		inflight = inflight_new(NULL, &extent, CLASS_BOOTSTRAP, o->size_bytes);
		if (!inflight)
			return -ENOMEM;
		err = origins_start(o->origins, &inflight->request);
		if (err) {
			inflight_free(inflight);
			wait_ms = origins_wait_ms(o->origins);
			/* 0: it takes no more than what is under way. */
			wait_a_tick(o, wait_ms ? wait_ms : TICK_MS);
			continue;
		}
		while (!inflight->ended && !*o->stop)
			wait_a_tick(o, TICK_MS);
		if (inflight->ended && !inflight->fault) {
			*out = inflight;
			return 0;
		}
		if (!inflight->ended)
			origins_cancel(o->origins, &inflight->request);
		inflight_free(inflight);
		if (size_is_hearsay)
			return -EAGAIN;
	}
	return -ESHUTDOWN;
}

static int ask_size(struct opening *o)
{
	struct inflight *inflight;
	int err;

	o->size_bytes = o->options->size_bytes;
	if (o->size_bytes)
		return 0;
	origins_set_total(o->origins, 0);
	err = get(o, 0, 1, false, &inflight);
	if (err)
		return err;
	o->size_bytes = origins_told_total(o->origins, inflight->request.origin);
	if (!o->options->verify_none &&
	    (o->size_bytes % VERITY_BLOCK_SIZE ||
	     !verity_data_blocks(o->size_bytes / VERITY_BLOCK_SIZE))) {
		char why[160];

		snprintf(why, sizeof why, "%" PRIu64 " bytes is no size of an image with a hash tree; was it made by farroot pack?",
			 o->size_bytes);
		origins_blame(o->origins, inflight->request.origin, FAULT_TOTAL, why);
		inflight_free(inflight);
		return -EINVAL;
	}
	inflight_free(o->first);
	o->first = inflight;
	return 0;
}

/* NULL, or what is wrong with this top. */
static const char *check_top(struct opening *o, const struct inflight *inflight)
{
	uint64_t data_blocks = verity_data_blocks(o->size_bytes / VERITY_BLOCK_SIZE), top;
	const uint8_t *superblock = inflight->bytes + (data_blocks - inflight->start) * VERITY_BLOCK_SIZE;
	struct verity_superblock sb;
	const char *why = NULL;
	int err;

	if (verity_superblock_parse(superblock, VERITY_BLOCK_SIZE, &sb, &why))
		return why ? why : "no dm-verity superblock at its place";
	if (sb.data_blocks != data_blocks)
		return "superblock and size of the file contradict each other";
	err = verity_init(&o->verity, data_blocks, sb.salt, sb.salt_size,
			  o->options->roothash);
	if (err)
		return err == -ENOMEM ? "out of memory" :
		       "the salt pins another size: this is not the whole image";
	top = o->verity.levels ? o->verity.level_start[o->verity.levels - 1] : 0;
	if (!verity_check(&o->verity, top,
			  inflight->bytes + (top - inflight->start) * VERITY_BLOCK_SIZE, NULL)) {
		verity_free(&o->verity);
		return "hash tree does not match roothash=: another image, or a damaged one";
	}
	return NULL;
}

static int get_top(struct opening *o)
{
	uint64_t total = o->size_bytes / VERITY_BLOCK_SIZE;
	uint64_t data_blocks = verity_data_blocks(total);
	/* A single data block is its own top: nothing else vouches for the salt. */
	uint64_t start = data_blocks == 1 ? 0 : data_blocks;
	uint32_t count = total - start < TOP_BLOCKS ? (uint32_t)(total - start) : TOP_BLOCKS;
	const char *why;
	struct inflight *inflight;
	int err;

	o->top_start = start;
	o->top_count = count;
	origins_set_total(o->origins, o->size_bytes);
	err = get(o, start, count, !o->options->size_bytes, &inflight);
	if (err)
		return err;
	why = check_top(o, inflight);
	if (why) {
		origins_blame(o->origins, inflight->request.origin, FAULT_TOTAL, why);
		inflight_free(inflight);
		return -EINVAL;
	}
	o->top = inflight;
	return 0;
}

/* An origin that answers, but with another image, is healthy in the eyes of
 * health.c: without this it would be asked for its top several times a second,
 * for ever.  Once all have had their turn: 0.5 s, doubling to retry-max=.
 */
static void rest(struct opening *o, unsigned wrong_tops)
{
	uint64_t most_ms = o->options->http.retry_max_ms, ms = REST_FIRST_MS, until, now;

	if (wrong_tops < o->options->url_count)
		return;
	for (wrong_tops -= (unsigned)o->options->url_count; wrong_tops && ms < most_ms; wrong_tops--)
		ms *= 2;
	now = clock_ms();
	until = now + (ms < most_ms ? ms : most_ms);
	for (; now < until && !*o->stop; now = clock_ms())
		wait_a_tick(o, until - now);
}

int opening_run(struct opening *o)
{
	unsigned wrong_tops = 0;
	int err;

	for (;;) {
		err = ask_size(o);
		if (!err && o->options->verify_none)
			origins_set_total(o->origins, o->size_bytes);
		else if (!err)
			err = get_top(o);
		if (err == -EINVAL) {
			o->size_bytes = 0;
			o->tick(o->ctx);
			rest(o, ++wrong_tops);
		} else if (err != -EAGAIN)
			return err;
	}
}
