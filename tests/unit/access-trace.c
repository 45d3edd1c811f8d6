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
	CHECK_SAYS(message, "recorded no further");
	said++;
}

static const struct log hearing = { .write = hear };

static struct touches *new_touches(uint64_t size_bytes)
{
	struct touches *t = NULL;

	CHECK_EQ(touches_new(size_bytes, &hearing, &t), 0);
	return t;
}

/* pairs: start and count in blocks. */
static void check_list(struct touches *t, const uint64_t (*pairs)[2], size_t count)
{
	struct profile p;
	size_t i;

	CHECK_EQ(touches_profile(t, &p), 0);
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
	struct touches *t = new_touches(1000 * B);

	check_list(t, NULL, 0);
	CHECK_EQ(touches_count(t), 0);
	CHECK_EQ(touches_last_ms(t), 0);
	touches_note(t, 100, 2);
	touches_note(t, 0, 2);
	touches_note(t, 1, 3);		/* goes on */
	touches_note(t, 100, 32);	/* its end is new */
	touches_note(t, 0, 110);	/* its middle is */
	touches_note(t, 3, 70);		/* nothing is */
	check_list(t, wanted, 4);
	CHECK_EQ(touches_count(t), 132);
	touches_free(t);
}

static void ends_where_the_image_does(void)
{
	struct touches *t = new_touches(3 * B + 1);
	struct profile p;

	touches_note(t, 2, 2);
	CHECK_EQ(touches_profile(t, &p), 0);
	CHECK_EQ(p.count, 1);
	CHECK_EQ(p.entries[0].length, B + 1);
	profile_free(&p);
	touches_free(t);
}

static void tells_when_it_was_quiet(void)
{
	struct touches *t = new_touches(100 * B);
	struct timespec nap = { .tv_nsec = 5000000 };
	uint64_t first;

	touches_note(t, 7, 1);
	first = touches_last_ms(t);
	CHECK(first > 0);
	nanosleep(&nap, NULL);
	touches_note(t, 7, 1);
	CHECK_EQ(touches_last_ms(t), first);
	touches_note(t, 9, 1);
	CHECK(touches_last_ms(t) > first);
	touches_free(t);
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
	struct touches *t = new_touches((far + 2ULL * TOUCHES_MAX_ENTRIES + 10) * B);
	struct profile p;
	uint64_t i, before;

	for (i = 0; i < TOUCHES_MAX_ENTRIES; i++)
		touches_note(t, far + 2 * i, 1);
	CHECK_EQ(said, 0);
	before = touches_count(t);
	touches_note(t, far + 2 * i + 1, 1);
	touches_note(t, far + 2 * i + 3, 1);
	CHECK_EQ(said, 1);
	CHECK_EQ(touches_count(t), before + 2);
	CHECK_EQ(touches_profile(t, &p), 0);
	CHECK_EQ(p.count, TOUCHES_MAX_ENTRIES);
	check_text(&p);
	profile_free(&p);
	touches_free(t);
}

/* Each block once, whoever is first. */

#define CROWD 4
#define BLOCKS 20000

static void *read_all(void *ctx)
{
	struct touches *t = ctx;
	uint64_t i;

	for (i = 0; i < BLOCKS; i += 5)
		touches_note(t, i * 7 % BLOCKS / 5 * 5, 5);
	for (i = 0; i < BLOCKS; i += 100)
		touches_note(t, i, 100);
	return NULL;
}

static void counts_each_block_once(void)
{
	struct touches *t = new_touches(BLOCKS * (uint64_t)B);
	pthread_t threads[CROWD];
	uint64_t bytes = 0;
	struct profile p;
	size_t i;

	for (i = 0; i < CROWD; i++)
		CHECK_EQ(pthread_create(&threads[i], NULL, read_all, t), 0);
	for (i = 0; i < 100; i++) {
		CHECK_EQ(touches_profile(t, &p), 0);
		profile_free(&p);
		CHECK(touches_count(t) <= BLOCKS);
	}
	for (i = 0; i < CROWD; i++)
		pthread_join(threads[i], NULL);
	CHECK_EQ(touches_count(t), BLOCKS);
	CHECK_EQ(touches_profile(t, &p), 0);
	for (i = 0; i < p.count; i++)
		bytes += p.entries[i].length;
	CHECK_EQ(bytes, BLOCKS * (uint64_t)B);
	profile_free(&p);
	touches_free(t);
}

/* Each touch is handed out once, also when the image ends within a block. */
static void hands_out_each_touch_once(void)
{
	struct touches *t = new_touches(10 * B + 100);
	struct touches_cursor cursor = { 0 };
	uint64_t start, end;

	touches_note(t, 8, 2);
	CHECK(touches_next(t, &cursor, &start, &end));
	CHECK_EQ(start, 8);
	CHECK_EQ(end, 10);
	CHECK(!touches_next(t, &cursor, &start, &end));
	touches_note(t, 10, 1);		/* the same entry grows */
	CHECK(touches_next(t, &cursor, &start, &end));
	CHECK_EQ(start, 10);
	CHECK_EQ(end, 11);
	CHECK(!touches_next(t, &cursor, &start, &end));
	touches_note(t, 2, 1);
	CHECK(touches_next(t, &cursor, &start, &end));
	CHECK_EQ(start, 2);
	CHECK_EQ(end, 3);
	CHECK(!touches_next(t, &cursor, &start, &end));
	touches_free(t);
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
