/* SPDX-License-Identifier: MIT
 * Copyright (c) 2026 The rpi-rescue-netboot authors
 */
#include "config.h"

#include <fcntl.h>
#include <stdio.h>
#include <unistd.h>

#include "check.h"
#include "engine/fetch/fetch-internal.h"
#include "engine/fetch/revalidation.h"

#define BLOCKS 16384
#define PATH "revalidation.store"

static struct options options = { .store_path = PATH };
static struct fetch fetch = { .options = &options, .fills = true };
static uint64_t steps;

/* One block, 0, has the digests of all. */
static uint64_t top_of(const void *ctx, uint64_t block)
{
	(void)ctx;
	steps++;
	return block ? 0 : SCHEDULER_NO_PARENT;
}

/* A store that an earlier run has left, with this many blocks from its start. */
static void begin(uint64_t blocks)
{
	int fd = open(PATH, O_RDWR | O_CREAT | O_TRUNC, 0600);
	uint64_t i;

	for (i = 0; i < blocks; i++)
		CHECK_EQ(pwrite(fd, "x", 1, (off_t)(i * STORE_BLOCK)), 1);
	close(fd);
	CHECK_EQ(store_new(PATH, NULL, &fetch.store), 0);
	CHECK_EQ(store_set_size(fetch.store, BLOCKS * STORE_BLOCK, BLOCKS * STORE_BLOCK), 0);
	CHECK_EQ(scheduler_init(&fetch.scheduler, fetch.store, BLOCKS), 0);
	scheduler_set_parent(&fetch.scheduler, top_of, NULL);
	CHECK_EQ(hash_cache_new(NULL, fetch.store, &fetch.hash_cache), 0);
	CHECK_EQ(revalidation_init(&fetch), 0);
}

static void end(void)
{
	revalidation_free(&fetch);
	hash_cache_free(fetch.hash_cache);
	scheduler_free(&fetch.scheduler);
	store_free(fetch.store);
	unlink(PATH);
}

/* Turns of the loop until there is no more to check now. */
static unsigned turns(uint64_t *longest)
{
	unsigned n = 1;
	uint64_t before = steps;

	*longest = 0;
	for (; revalidation_check_some(&fetch); n++, before = steps)
		if (steps - before > *longest)
			*longest = steps - before;
	return n;
}

/* Reads are served between turns, whether candidates are checked or not. */
static void skipped_candidates_are_steps_too(void)
{
	uint64_t longest;
	unsigned n;

	begin(BLOCKS);
	store_drop(fetch.store, 0);
	scheduler_add_suspect(&fetch.scheduler, 0, 0, 0);
	scheduler_add_suspect(&fetch.scheduler, 0, 0, 100);
	n = turns(&longest);
	CHECK(steps >= BLOCKS - 1);
	CHECK(n >= 4 && n <= 64);
	CHECK(longest < BLOCKS);
	CHECK_EQ(store_present_blocks(fetch.store), 0);
	/* Nothing has changed. */
	CHECK_EQ(turns(&longest), 1);
	/* It has verified: they are checked, a few in each turn. */
	scheduler_clear_suspect(&fetch.scheduler, 0, 200);
	CHECK(turns(&longest) >= BLOCKS / 64);
	CHECK_EQ(store_present_blocks(fetch.store), BLOCKS - 1);
	end();
}

static void an_empty_store_is_many_steps(void)
{
	uint64_t longest;

	begin(1);
	CHECK(turns(&longest) >= 4);
	CHECK_EQ(store_present_blocks(fetch.store), 1);
	end();
}

/* Read system calls of this process. */
static unsigned long long reads(void)
{
	FILE *io = fopen("/proc/self/io", "r");
	unsigned long long n = 0;
	char line[128];

	CHECK(io);
	while (fgets(line, sizeof line, io))
		sscanf(line, "syscr: %llu", &n);
	fclose(io);
	return n;
}

/* A read waits for candidates, whose hash block is absent: they are read once that has come. */
static void what_cannot_be_checked_is_not_read(void)
{
	const uint8_t roothash[VERITY_DIGEST_SIZE] = { 0 }, salt[1] = { 0 };
	uint64_t missing[2] = { ~0ULL, ~0ULL };
	struct demand demand = { .start = 0, .count = 128, .missing = missing };
	struct verity verity;
	unsigned long long before;

	begin(128);
	hash_cache_free(fetch.hash_cache);
	CHECK_EQ(verity_init(&verity, verity_data_blocks(BLOCKS), salt, 0, roothash), 0);
	CHECK_EQ(hash_cache_new(&verity, fetch.store, &fetch.hash_cache), 0);
	scheduler_add_demand(&fetch.scheduler, &demand);
	before = reads();
	revalidation_check_demands(&fetch);
	CHECK(reads() - before < 64);
	CHECK(store_is_candidate(fetch.store, 0) && store_is_candidate(fetch.store, 127));
	CHECK(fetch.scheduler.hash_count > 0);
	scheduler_remove_demand(&fetch.scheduler, &demand);
	end();
	verity_free(&verity);
}

int main(void)
{
	skipped_candidates_are_steps_too();
	an_empty_store_is_many_steps();
	what_cannot_be_checked_is_not_read();
	return 0;
}
