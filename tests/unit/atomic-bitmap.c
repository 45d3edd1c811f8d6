/* SPDX-License-Identifier: MIT
 * Copyright (c) 2026 The rpi-rescue-netboot authors
 */
#include "config.h"

#include <stdio.h>

#include "common/atomic-bitmap.h"
#include "check.h"

static void sets_and_clears(void)
{
	struct atomic_bitmap b;

	CHECK_EQ(bitmap_init(&b, 130), 0);
	CHECK(!bitmap_test(&b, 0));
	CHECK(!bitmap_set(&b, 129));
	CHECK(bitmap_set(&b, 129));
	CHECK(bitmap_test(&b, 129));
	CHECK(!bitmap_test(&b, 128));
	CHECK(bitmap_clear(&b, 129));
	CHECK(!bitmap_clear(&b, 129));
	CHECK(!bitmap_test(&b, 129));
	bitmap_free(&b);
	CHECK(b.words == NULL);
}

static void finds_the_next_clear_one(void)
{
	struct atomic_bitmap b;
	uint64_t i;

	CHECK_EQ(bitmap_init(&b, 130), 0);
	CHECK_EQ(bitmap_next_clear(&b, 7), 7);
	for (i = 0; i < 130; i++)
		bitmap_set(&b, i);
	CHECK_EQ(bitmap_next_clear(&b, 0), 130);
	/* Bits beyond the last do not count, though they are clear. */
	CHECK_EQ(bitmap_next_clear(&b, 129), 130);
	CHECK_EQ(bitmap_next_clear(&b, 130), 130);
	CHECK_EQ(bitmap_next_clear(&b, 1000), 130);
	for (i = 0; i < 130; i++) {
		bitmap_clear(&b, i);
		CHECK_EQ(bitmap_next_clear(&b, 0), i);
		CHECK_EQ(bitmap_next_clear(&b, i), i);
		CHECK_EQ(bitmap_next_clear(&b, i + 1), 130);
		bitmap_set(&b, i);
	}
	bitmap_free(&b);
}

static uint64_t resident_kib(void)
{
	FILE *file = fopen("/proc/self/statm", "re");
	unsigned long size, resident;

	CHECK(file != NULL);
	CHECK_EQ(fscanf(file, "%lu %lu", &size, &resident), 2);
	fclose(file);
	return resident * 4;
}

/* Every range of 200 bits, with one clear bit at every place, or none. */
static void all_set_sees_each_bit_of_a_range(void)
{
	uint64_t hole, start, end;
	struct atomic_bitmap b;

	CHECK_EQ(bitmap_init(&b, 200), 0);
	for (hole = 0; hole < 200; hole++)
		bitmap_set(&b, hole);
	for (hole = 0; hole <= 200; hole++) {
		if (hole < 200)
			bitmap_clear(&b, hole);
		for (start = 0; start < 200; start++)
			for (end = start; end <= 200; end++)
				CHECK_EQ(bitmap_all_set(&b, start, end), hole < start || hole >= end);
		if (hole < 200)
			bitmap_set(&b, hole);
	}
	bitmap_free(&b);
}

/* 1 PiB worth of blocks: 32 GiB of bits if they cost anything. */
static void costs_only_what_is_written(void)
{
	uint64_t before = resident_kib();
	struct atomic_bitmap b;

	CHECK_EQ(bitmap_init(&b, 1ULL << 38), 0);
	bitmap_set(&b, (1ULL << 38) - 1);
	bitmap_set(&b, 1ULL << 37);
	CHECK(bitmap_test(&b, (1ULL << 38) - 1));
	CHECK(resident_kib() < before + 1024);
	bitmap_free(&b);
}

int main(void)
{
	all_set_sees_each_bit_of_a_range();
	sets_and_clears();
	finds_the_next_clear_one();
	costs_only_what_is_written();
	return 0;
}
