/* SPDX-License-Identifier: MIT
 * Copyright (c) 2026 The rpi-rescue-netboot authors
 */
#include "config.h"

#include <errno.h>
#include <inttypes.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "common/clock.h"
#include "prng.h"
#include "readers.h"

#define READ_MAX (256U << 10)
#define BLOCK_BYTES 4096U
#define CHECK_BYTES (1U << 20)
#define RUSH 100	/* reads */

/* The time limit of one read. */
struct nerve {
	struct readers *readers;
	uint64_t until_ms;	/* 0: no limit */
	_Atomic bool gone;
};

static bool is_gone(void *ctx)
{
	struct nerve *n = ctx;

	if (n->readers->abandon || (n->until_ms && clock_ms() >= n->until_ms))
		n->gone = true;
	return n->gone;
}

static void fail(struct readers *rs, const char *what, uint64_t offset, uint32_t count, int err)
{
	rs->failures++;
	fprintf(stderr, "FAIL: %s: bytes %" PRIu64 "+%u%s%s\n", what, offset, count,
		err ? ": " : "", err ? strerror(-err) : "");
}

static void compare(struct readers *rs, const uint8_t *buf, uint64_t offset, uint32_t count)
{
	const uint8_t *truth = rs->truth->content + offset;
	uint32_t i;

	if (!memcmp(buf, truth, count))
		return;
	for (i = 0; buf[i] == truth[i]; i++)
		;
	fail(rs, "WRONG BYTES", offset + i, count - i, 0);
}

/* Most are small, some are large, and a few run to the end. */
static void draw_extent(struct prng *r, uint64_t size, uint64_t *offset, uint32_t *count)
{
	uint64_t most = prng_percent(r, 70) ? 16384 : READ_MAX;

	*offset = prng_below(r, size);
	if (prng_percent(r, 50))
		*offset &= ~4095ULL;
	if (most > size - *offset)
		most = size - *offset;
	*count = (uint32_t)(1 + prng_below(r, most));
	if (prng_percent(r, 10))
		*count = (uint32_t)most;
}

/* Whether what is read depends on what is sick. */
static bool is_sick(const struct readers *rs, uint64_t offset, uint64_t count)
{
	unsigned i;

	built_image_extent(rs->truth, count, offset, &count, &offset);
	for (i = 0; i < 2; i++)
		if (rs->is_sick && offset < rs->sick[i].to && offset + count > rs->sick[i].from)
			return true;
	return false;
}

static void note_asked(struct readers *rs, uint64_t offset, uint64_t count)
{
	built_image_extent(rs->truth, count, offset, &count, &offset);
	rs->asked_bytes += ((offset + count + BLOCK_BYTES - 1) / BLOCK_BYTES - offset / BLOCK_BYTES) * BLOCK_BYTES;
}

static void read_once(struct reader *me, struct prng *r, uint8_t *buf)
{
	struct readers *rs = me->all;
	struct nerve nerve = { .readers = rs };
	struct cancel cancel = { is_gone, &nerve };
	uint64_t offset, reach = rs->reach_bytes;
	uint32_t count;
	int err;

	draw_extent(r, reach ? reach : rs->truth->content_bytes, &offset, &count);
	if (is_sick(rs, offset, count))
		return;
	note_asked(rs, offset, count);
	if (prng_percent(r, 5)) {
		err = export_prefetch(rs->image, count, offset);
		if (err)
			fail(rs, "prefetch", offset, count, err);
		return;
	}
	me->began_ms = clock_ms();
	if (rs->impatient && prng_percent(r, 20))
		nerve.until_ms = me->began_ms + 1 + prng_below(r, 1000);
	memset(buf, 0xa5, count);
	err = export_pread(rs->image, buf, count, offset, &cancel);
	if (!err) {
		compare(rs, buf, offset, count);
		me->last_began_ms = me->began_ms;
		me->finished++;
	} else if (err != -ESHUTDOWN || !nerve.gone) {
		fail(rs, "read", offset, count, err);
	}
	me->began_ms = 0;
}

static void *reader_thread(void *ctx)
{
	struct reader *me = ctx;
	struct readers *rs = me->all;
	struct nerve nerve = { .readers = rs };
	struct cancel cancel = { is_gone, &nerve };
	struct prng r = { me->seed };
	uint8_t *buf = malloc(READ_MAX);
	int err;

	if (!buf)
		abort();
	me->began_ms = clock_ms();
	err = export_wait_open(rs->image, &cancel);
	me->began_ms = 0;
	if (err && !nerve.gone)
		fail(rs, "open", 0, 0, err);
	if (!err && export_size(rs->image) != rs->truth->content_bytes) {
		fail(rs, "WRONG SIZE", export_size(rs->image), 0, 0);
		err = -EIO;
	}
	while (!err && !rs->stop && !rs->abandon) {
		read_once(me, &r, buf);
		/* At first a rush; later, readers of hits must not starve the engine and the
		 * origins of all the trials that run at once.
		 */
		if (me->finished > RUSH || prng_percent(&r, 30))
			usleep((useconds_t)prng_below(&r, 20000));
	}
	free(buf);
	me->ended = true;
	return NULL;
}

void readers_start(struct readers *rs, uint64_t seed)
{
	struct prng r = { seed };
	unsigned i;

	for (i = 0; i < rs->count; i++) {
		rs->reader[i].all = rs;
		rs->reader[i].seed = prng_next(&r);
		if (pthread_create(&rs->reader[i].thread, NULL, reader_thread, &rs->reader[i]))
			abort();
	}
}

bool readers_all_since(const struct readers *rs, uint64_t since_ms)
{
	unsigned i;

	for (i = 0; i < rs->count; i++)
		if (!rs->reader[i].finished || rs->reader[i].last_began_ms < since_ms)
			return false;
	return true;
}

uint64_t readers_longest_ms(const struct readers *rs)
{
	uint64_t now = clock_ms(), longest = 0, began;
	unsigned i;

	for (i = 0; i < rs->count; i++) {
		began = rs->reader[i].began_ms;
		if (began && now > began && now - began > longest)
			longest = now - began;
	}
	return longest;
}

bool readers_ended(const struct readers *rs)
{
	unsigned i;

	for (i = 0; i < rs->count; i++)
		if (!rs->reader[i].ended)
			return false;
	return true;
}

void readers_join(struct readers *rs)
{
	unsigned i;

	for (i = 0; i < rs->count; i++)
		pthread_join(rs->reader[i].thread, NULL);
}

void readers_check_all(struct readers *rs)
{
	uint64_t size = rs->truth->content_bytes, at;
	uint8_t *buf = malloc(CHECK_BYTES);
	uint32_t count;
	int err = 0;

	if (!buf)
		abort();
	for (at = 0; at < size && !err; at += count) {
		count = size - at < CHECK_BYTES ? (uint32_t)(size - at) : CHECK_BYTES;
		memset(buf, 0xa5, count);
		note_asked(rs, at, count);
		err = export_pread(rs->image, buf, count, at, NULL);
		if (err)
			fail(rs, "read", at, count, err);
		else
			compare(rs, buf, at, count);
	}
	free(buf);
}
