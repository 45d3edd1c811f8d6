/* SPDX-License-Identifier: MIT
 * Copyright (c) 2026 The rpi-rescue-netboot authors
 */
#include "config.h"

#include <pthread.h>

#include "check.h"
#include "engine/store/store.h"
#include "engine/store/access-trace.h"

#define B STORE_BLOCK

static unsigned said;

static void hear(void *ctx, enum log_level level, const char *message)
{
	(void)ctx;
	(void)level;
	CHECK_SAYS(message, "access trace is full");
	said++;
}

static const struct log hearing = { .write = hear };

static struct access_trace *new_touches(uint64_t size_bytes)
{
	struct access_trace *t = NULL;

	CHECK_EQ(trace_new(size_bytes, &hearing, &t), 0);
	return t;
}

/* Blocks of all extents that are listed. */
static uint64_t listed_blocks(struct access_trace *t)
{
	struct profile p;
	uint64_t bytes = 0;
	size_t i;

	CHECK_EQ(trace_profile(t, &p), 0);
	for (i = 0; i < p.count; i++)
		bytes += p.entries[i].length;
	profile_free(&p);
	return bytes / B;
}

/* pairs: start and count in blocks. */
static void check_list(struct access_trace *t, const uint64_t (*pairs)[2], size_t count)
{
	struct profile p;
	size_t i;

	CHECK_EQ(trace_profile(t, &p), 0);
	CHECK_EQ(p.count, count);
	for (i = 0; i < count; i++) {
		CHECK_EQ(p.entries[i].offset, pairs[i][0] * B);
		CHECK_EQ(p.entries[i].length, pairs[i][1] * B);
	}
	profile_free(&p);
}

static void keeps_the_order_of_first_touches(void)
{
	static const uint64_t wanted[][2] = { { 100, 2 }, { 0, 4 }, { 102, 30 }, { 4, 96 } };
	struct access_trace *t = new_touches(1000 * B);

	check_list(t, NULL, 0);
	CHECK_EQ(listed_blocks(t), 0);
	CHECK_EQ(trace_last_ms(t), 0);
	trace_record(t, 100, 2);
	trace_record(t, 0, 2);
	trace_record(t, 1, 3);		/* goes on */
	trace_record(t, 100, 32);	/* its end is new */
	trace_record(t, 0, 110);	/* its middle is */
	trace_record(t, 3, 70);		/* nothing is */
	check_list(t, wanted, 4);
	CHECK_EQ(listed_blocks(t), 132);
	trace_free(t);
}

static void ends_where_the_image_does(void)
{
	struct access_trace *t = new_touches(3 * B + 1);
	struct profile p;

	trace_record(t, 2, 2);
	CHECK_EQ(trace_profile(t, &p), 0);
	CHECK_EQ(p.count, 1);
	CHECK_EQ(p.entries[0].length, B + 1);
	profile_free(&p);
	trace_free(t);
}

static void tells_when_it_was_quiet(void)
{
	struct access_trace *t = new_touches(100 * B);
	struct timespec nap = { .tv_nsec = 5000000 };
	uint64_t first;

	trace_record(t, 7, 1);
	first = trace_last_ms(t);
	CHECK(first > 0);
	nanosleep(&nap, NULL);
	trace_record(t, 7, 1);
	CHECK_EQ(trace_last_ms(t), first);
	trace_record(t, 9, 1);
	CHECK(trace_last_ms(t) > first);
	trace_free(t);
}

/* It can be read again. */
static void check_text(const struct profile *p)
{
	struct profile again;
	char *text, why[128];
	size_t length;
	FILE *to = open_memstream(&text, &length);

	CHECK_EQ(profile_write(p, to), 0);
	fclose(to);
	CHECK_EQ(profile_parse(text, length, &again, why, sizeof why), 0);
	CHECK_EQ(again.count, p->count);
	profile_free(&again);
	free(text);
}

static void records_no_more_than_a_profile_holds(void)
{
	const uint64_t far = 1ULL << 40 >> 12;	/* 1 TiB: long numbers */
	struct access_trace *t = new_touches((far + 2ULL * TRACE_MAX_ENTRIES + 10) * B);
	struct profile p;
	uint64_t i;

	for (i = 0; i < TRACE_MAX_ENTRIES; i++)
		trace_record(t, far + 2 * i, 1);
	CHECK_EQ(said, 0);
	/* Full: the list ends, but each block is new once all the same. */
	CHECK(trace_record(t, far + 2 * i + 1, 1));
	CHECK(trace_record(t, far + 2 * i + 3, 1));
	CHECK(!trace_record(t, far + 2 * i + 3, 1));
	CHECK_EQ(said, 1);
	CHECK_EQ(trace_profile(t, &p), 0);
	CHECK_EQ(p.count, TRACE_MAX_ENTRIES);
	check_text(&p);
	profile_free(&p);
	trace_free(t);
}

/* Each block is recorded once, whichever thread is first. */

#define CROWD 4
#define BLOCKS 20000

static void *read_all(void *ctx)
{
	struct access_trace *t = ctx;
	uint64_t i;

	for (i = 0; i < BLOCKS; i += 5)
		trace_record(t, i * 7 % BLOCKS / 5 * 5, 5);
	for (i = 0; i < BLOCKS; i += 100)
		trace_record(t, i, 100);
	return NULL;
}

static void counts_each_block_once(void)
{
	struct access_trace *t = new_touches(BLOCKS * (uint64_t)B);
	pthread_t threads[CROWD];
	uint64_t bytes = 0;
	struct profile p;
	size_t i;

	for (i = 0; i < CROWD; i++)
		CHECK_EQ(pthread_create(&threads[i], NULL, read_all, t), 0);
	for (i = 0; i < 100; i++) {
		CHECK_EQ(trace_profile(t, &p), 0);
		profile_free(&p);
		CHECK(listed_blocks(t) <= BLOCKS);
	}
	for (i = 0; i < CROWD; i++)
		pthread_join(threads[i], NULL);
	CHECK_EQ(listed_blocks(t), BLOCKS);
	CHECK_EQ(trace_profile(t, &p), 0);
	for (i = 0; i < p.count; i++)
		bytes += p.entries[i].length;
	CHECK_EQ(bytes, BLOCKS * (uint64_t)B);
	profile_free(&p);
	trace_free(t);
}

/* Each touch is handed out once, also when the image ends within a block. */
static void hands_out_each_touch_once(void)
{
	struct access_trace *t = new_touches(10 * B + 100);
	struct trace_cursor cursor = { 0 };
	uint64_t start, end;

	trace_record(t, 8, 2);
	CHECK(trace_next(t, &cursor, &start, &end));
	CHECK_EQ(start, 8);
	CHECK_EQ(end, 10);
	CHECK(!trace_next(t, &cursor, &start, &end));
	trace_record(t, 10, 1);		/* the same entry grows */
	CHECK(trace_next(t, &cursor, &start, &end));
	CHECK_EQ(start, 10);
	CHECK_EQ(end, 11);
	CHECK(!trace_next(t, &cursor, &start, &end));
	trace_record(t, 2, 1);
	CHECK(trace_next(t, &cursor, &start, &end));
	CHECK_EQ(start, 2);
	CHECK_EQ(end, 3);
	CHECK(!trace_next(t, &cursor, &start, &end));
	trace_free(t);
}

int main(void)
{
	hands_out_each_touch_once();
	keeps_the_order_of_first_touches();
	ends_where_the_image_does();
	tells_when_it_was_quiet();
	records_no_more_than_a_profile_holds();
	counts_each_block_once();
	return 0;
}
