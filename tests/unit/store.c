/* SPDX-License-Identifier: MIT
 * Copyright (c) 2026 The rpi-rescue-netboot authors
 */
#include "config.h"

#include <errno.h>
#include <fcntl.h>
#include <pthread.h>
#include <stdatomic.h>
#include <sys/mount.h>
#include <sys/stat.h>
#include <unistd.h>

#include "check.h"
#include "engine/store/store.h"

#define BLOCKS 4096		/* 16 MiB */
#define BUDGET_BLOCKS 1024	/* 4 MiB */

static char directory[] = "store-test.XXXXXX", path[64];
static char last_message[1024];
static unsigned warnings;

static void keep_message(void *ctx, enum log_level level, const char *message)
{
	(void)ctx;
	warnings += level == LOG_WARN;
	snprintf(last_message, sizeof last_message, "%s", message);
}

static const struct log keeping = { .write = keep_message };

static struct store *open_store(const char *file, uint64_t blocks, uint64_t capacity_blocks)
{
	struct store *s;

	CHECK_EQ(store_new(file, &keeping, &s), 0);
	CHECK_EQ(store_set_size(s, blocks * STORE_BLOCK, capacity_blocks * STORE_BLOCK), 0);
	return s;
}

/* Each block says its number, over and over. */
static const uint8_t *bytes_of(uint64_t block)
{
	static _Thread_local uint64_t words[STORE_BLOCK / 8];
	size_t i;

	for (i = 0; i < STORE_BLOCK / 8; i++)
		words[i] = block * 1000003 + i + 1;
	return (const uint8_t *)words;
}

static void put(struct store *s, uint64_t block)
{
	store_put(s, block, 1, bytes_of(block));
}

/* 0, or what store_read says; bytes are looked at. */
static int read_block(struct store *s, uint64_t block)
{
	uint8_t got[STORE_BLOCK];
	int err = store_read(s, got, block * STORE_BLOCK, STORE_BLOCK);

	if (!err && memcmp(got, bytes_of(block), STORE_BLOCK))
		check_failed(__FILE__, __LINE__, "a block that was read", "wrong", "right");
	return err;
}

static void puts_and_reads(void)
{
	struct store *s = open_store(NULL, BLOCKS, BLOCKS);
	uint8_t two[2 * STORE_BLOCK], part[100];

	CHECK_EQ(store_disk_fd(s), -1);
	CHECK_EQ(store_capacity_bytes(s), BLOCKS * STORE_BLOCK);
	CHECK(!store_has(s, 5));
	CHECK_EQ(read_block(s, 5), -EAGAIN);
	put(s, 5);
	CHECK(store_has(s, 5));
	CHECK_EQ(read_block(s, 5), 0);
	CHECK_EQ(store_present_blocks(s), 1);
	put(s, 5);
	CHECK_EQ(store_present_blocks(s), 1);
	CHECK_EQ(store_read(s, two, 5 * STORE_BLOCK, sizeof two), -EAGAIN);
	CHECK_EQ(store_read(s, part, 5 * STORE_BLOCK + 77, sizeof part), 0);
	CHECK(!memcmp(part, bytes_of(5) + 77, sizeof part));
	CHECK_EQ(store_read(s, part, 6 * STORE_BLOCK - 50, sizeof part), -EAGAIN);
	put(s, 6);
	CHECK_EQ(store_read(s, part, 6 * STORE_BLOCK - 50, sizeof part), 0);
	CHECK(!memcmp(part + 50, bytes_of(6), 50));
	CHECK_EQ(store_next_absent(s, 0), 0);
	CHECK_EQ(store_next_absent(s, 5), 7);
	store_drop(s, 5);
	CHECK_EQ(read_block(s, 5), -EAGAIN);
	CHECK_EQ(store_present_blocks(s), 1);
	store_free(s);
}

static void last_block_may_be_short(void)
{
	struct store *s;
	uint8_t got[100];

	CHECK_EQ(store_new(NULL, NULL, &s), 0);
	CHECK_EQ(store_set_size(s, 3 * STORE_BLOCK + 100, UINT64_MAX / 2), 0);
	put(s, 3);
	CHECK_EQ(store_read(s, got, 3 * STORE_BLOCK, 100), 0);
	CHECK(!memcmp(got, bytes_of(3), 100));
	CHECK_EQ(store_next_absent(s, 3), 4);
	store_free(s);
}

static void keeps_to_its_budget(void)
{
	struct store *s = open_store(NULL, BLOCKS, BUDGET_BLOCKS);
	uint64_t block;

	CHECK(store_has_room(s, BUDGET_BLOCKS));
	CHECK(!store_has_room(s, BUDGET_BLOCKS + 1));
	for (block = 0; block < BLOCKS; block++) {
		put(s, block);
		CHECK(store_present_blocks(s) <= BUDGET_BLOCKS);
		CHECK_EQ(read_block(s, block), 0);
	}
	CHECK(store_present_blocks(s) > BUDGET_BLOCKS - 2 * STORE_GROUP);
	CHECK(!store_has(s, 0));
	store_free(s);
}

static void keeps_what_is_read(void)
{
	struct store *s = open_store(NULL, BLOCKS, BUDGET_BLOCKS);
	uint64_t block;

	for (block = 0; block < BLOCKS; block++) {
		put(s, block);
		CHECK_EQ(read_block(s, block < 32 ? block : block % 32), 0);
	}
	store_free(s);
}

/* Blocks come in any order and many at a time; what is there is always right. */
static void any_order(void)
{
	struct store *s = open_store(NULL, BLOCKS, BUDGET_BLOCKS);
	uint8_t run[40 * STORE_BLOCK];
	uint64_t state = 1, block, i, hits = 0;
	uint32_t count;
	int round;

	for (round = 0; round < 3000; round++) {
		state = state * 6364136223846793005ULL + 1442695040888963407ULL;
		count = 1 + (uint32_t)(state >> 40) % 40;
		block = (state >> 20) % (BLOCKS - count);
		for (i = 0; i < count; i++)
			memcpy(run + i * STORE_BLOCK, bytes_of(block + i), STORE_BLOCK);
		store_put(s, block, count, run);
		for (i = 0; i < count; i++)
			CHECK_EQ(read_block(s, block + i), 0);
		hits += !read_block(s, (state >> 13) % BLOCKS);
		if (round % 7 == 0)
			store_drop(s, block);
		CHECK(store_present_blocks(s) <= BUDGET_BLOCKS);
	}
	CHECK(hits > 300);
	for (block = 0, i = 0; block < BLOCKS; block++)
		i += store_has(s, block);
	CHECK_EQ(i, store_present_blocks(s));
	store_free(s);
}

static void fill_up(struct store *s, uint64_t blocks)
{
	uint64_t block;

	for (block = 0; block < blocks; block++)
		put(s, block);
}

/* A complete store in memory gives back what was not read, and can be complete again. */
static void gives_back(void)
{
	struct store *s = open_store(NULL, BLOCKS, BLOCKS);
	uint64_t block, absent = 0;

	CHECK(store_is_in_memory(s));
	fill_up(s, BLOCKS);
	CHECK_EQ(store_used_bytes(s), BLOCKS * STORE_BLOCK);
	store_track_reads(s);
	/* Nothing is lost by that, and the store can still be full. */
	CHECK_EQ(store_present_blocks(s), BLOCKS);
	CHECK(store_has_room(s, BLOCKS));
	CHECK_EQ(read_block(s, 0), 0);
	store_note_read(s, 17, 33);
	CHECK_EQ(store_give_back(s, 4 << 20), 4 << 20);
	CHECK_EQ(store_present_blocks(s), BLOCKS - 1024);
	CHECK_EQ(store_capacity_bytes(s), 12 << 20);
	CHECK_EQ(store_full_capacity_bytes(s), 16 << 20);
	for (block = 0; block < BLOCKS; block++)
		if (read_block(s, block))
			absent++;
	CHECK_EQ(absent, 1024);
	CHECK_EQ(read_block(s, 0), 0);
	CHECK_EQ(read_block(s, 17), 0);
	CHECK_EQ(read_block(s, 32), 0);
	CHECK_EQ(read_block(s, 48), -EAGAIN);
	/* What comes replaces something else. */
	put(s, 48);
	CHECK(store_present_blocks(s) <= BLOCKS - 1024);
	CHECK_EQ(read_block(s, 48), 0);
	CHECK_EQ(store_give_back(s, 1 << 20), 1 << 20);
	CHECK_EQ(store_full_capacity_bytes(s), 16 << 20);
	store_restore_capacity(s);
	CHECK_EQ(store_capacity_bytes(s), 16 << 20);
	fill_up(s, BLOCKS);
	CHECK_EQ(store_present_blocks(s), BLOCKS);
	CHECK_EQ(store_give_back(s, 1), STORE_GROUP * STORE_BLOCK);
	store_free(s);
}

struct race {
	struct store *store;
	_Atomic bool started, stop;
	_Atomic uint64_t hits;
};

static void *read_all_the_time(void *ctx)
{
	struct race *race = ctx;
	uint64_t state = (uintptr_t)&state, hits = 0;

	while (!race->stop) {
		race->started = true;
		state = state * 6364136223846793005ULL + 1442695040888963407ULL;
		hits += !read_block(race->store, (state >> 33) % 512);
	}
	race->hits += hits;
	return NULL;
}

static void readers_never_see_wrong_bytes(void)
{
	/* A capacity of 128 of 512 blocks: most blocks are evicted while they are read. */
	struct race race = { .store = open_store(NULL, 512, 128) };
	pthread_t threads[3];
	uint64_t i;

	for (i = 0; i < 3; i++)
		CHECK_EQ(pthread_create(&threads[i], NULL, read_all_the_time, &race), 0);
	for (i = 0; i < 150000; i++)
		put(race.store, i * 17 % 512);
	race.stop = true;
	for (i = 0; i < 3; i++)
		pthread_join(threads[i], NULL);
	CHECK(race.hits > 1000);
	store_free(race.store);
}

/* Readers that use the mapping, while the store begins to evict and gives all back. */
static void readers_see_right_bytes_while_it_gives_back(void)
{
	struct race race = { .store = open_store(NULL, 512, 512) };
	pthread_t threads[3];
	uint64_t i, round;

	fill_up(race.store, 512);
	for (i = 0; i < 3; i++)
		CHECK_EQ(pthread_create(&threads[i], NULL, read_all_the_time, &race), 0);
	while (!race.started)
		usleep(1000);
	for (round = 0; round < 200; round++) {
		for (i = 0; i < 16; i++)
			store_give_back(race.store, 128 << 10);
		CHECK_EQ(store_present_blocks(race.store), 0);
		store_restore_capacity(race.store);
		fill_up(race.store, 512);
		CHECK_EQ(store_present_blocks(race.store), 512);
	}
	race.stop = true;
	for (i = 0; i < 3; i++)
		pthread_join(threads[i], NULL);
	store_free(race.store);
}

static void put_is_kept_on_disk_as_candidate(void)
{
	struct store *s = open_store(path, BLOCKS, BLOCKS), *other;
	uint8_t bytes[STORE_BLOCK];

	CHECK(store_disk_fd(s) >= 0);
	put(s, 7);
	put(s, 4000);
	/* One process at a time. */
	CHECK_EQ(store_new(path, &keeping, &other), -EWOULDBLOCK);
	CHECK_SAYS(last_message, "in use");
	store_free(s);
	s = open_store(path, BLOCKS, BLOCKS);
	CHECK(!store_has(s, 7));
	CHECK(store_is_candidate(s, 7));
	CHECK(store_is_candidate(s, 4000));
	CHECK(!store_is_candidate(s, 2000));
	CHECK_EQ(store_present_blocks(s), 0);
	/* It is not used until it is revalidated. */
	CHECK_EQ(read_block(s, 7), -EAGAIN);
	CHECK_EQ(store_read_candidate(s, 7, bytes), 0);
	CHECK(!memcmp(bytes, bytes_of(7), STORE_BLOCK));
	store_believe(s, 7);
	CHECK(!store_is_candidate(s, 7));
	CHECK_EQ(read_block(s, 7), 0);
	CHECK_EQ(store_present_blocks(s), 1);
	store_believe(s, 7);
	store_believe(s, 2000);
	CHECK_EQ(store_present_blocks(s), 1);
	CHECK(!store_has(s, 2000));
	store_drop(s, 4000);
	CHECK(!store_is_candidate(s, 4000));
	/* What was dropped is no candidate the next time. */
	store_free(s);
	s = open_store(path, BLOCKS, BLOCKS);
	CHECK(store_is_candidate(s, 7));
	CHECK(!store_is_candidate(s, 4000));
	put(s, 7);
	CHECK(!store_is_candidate(s, 7));
	CHECK_EQ(store_present_blocks(s), 1);
	store_free(s);
	CHECK_EQ(unlink(path), 0);
}

static uint64_t allocated_blocks(const char *file)
{
	struct stat st;

	CHECK_EQ(stat(file, &st), 0);
	return (uint64_t)st.st_blocks / 8;
}

static void smaller_budget_than_the_file_holds(void)
{
	struct store *s = open_store(path, BLOCKS, BLOCKS);
	uint64_t block;

	for (block = 0; block < BLOCKS; block++)
		put(s, block);
	store_free(s);
	s = open_store(path, BLOCKS, BUDGET_BLOCKS);
	/* At once, not when something is put. */
	CHECK(allocated_blocks(path) <= BUDGET_BLOCKS + 16);
	for (block = 0; block < 64; block++)
		put(s, block);
	CHECK(store_present_blocks(s) <= BUDGET_BLOCKS);
	CHECK(allocated_blocks(path) <= BUDGET_BLOCKS + 16);
	store_free(s);
	CHECK_EQ(unlink(path), 0);
}

static void file_of_another_size(void)
{
	struct store *s = open_store(path, 100, 100);

	put(s, 99);
	store_free(s);
	/* A longer and a shorter image: blocks are where they were, or gone. */
	s = open_store(path, 200, 200);
	CHECK(store_is_candidate(s, 99));
	store_free(s);
	s = open_store(path, 50, 50);
	CHECK_EQ(store_next_absent(s, 0), 0);
	CHECK(!store_is_candidate(s, 49));
	store_free(s);
	CHECK_EQ(unlink(path), 0);
}

static void bad_paths(void)
{
	struct store *s;

	CHECK_EQ(store_new("no/such/directory/file", &keeping, &s), -ENOENT);
	CHECK_SAYS(last_message, "no/such/directory/file");
	CHECK(store_new(directory, &keeping, &s) < 0);
	CHECK_EQ(store_new("/dev/null", &keeping, &s), -EINVAL);
	CHECK_SAYS(last_message, "not a regular file");
}

static void full_disk_lowers_the_budget(void)
{
	struct store *s;
	uint64_t block, budget;

	if (mount("farroot-test", directory, "tmpfs", 0, "size=8m")) {
		fprintf(stderr, "mount: %s: the full disk is not tested\n", strerror(errno));
		return;
	}
	s = open_store(path, BLOCKS, BLOCKS);
	CHECK(store_is_in_memory(s));
	for (block = 0; block < BLOCKS; block++) {
		put(s, block);
		CHECK_EQ(read_block(s, block), 0);
	}
	budget = store_capacity_bytes(s);
	CHECK(budget < 8 << 20);
	CHECK(budget > 6 << 20);
	CHECK(store_present_blocks(s) * STORE_BLOCK <= budget);
	CHECK_SAYS(last_message, "is full at");
	CHECK(store_disk_fd(s) >= 0);
	store_free(s);
	umount2(directory, MNT_DETACH);
}

/* Other files take the room of the disk bit by bit. */
static void a_disk_that_fills_up_is_few_lines(void)
{
	static uint8_t other[STORE_BLOCK];
	char name[80];
	struct store *s;
	uint64_t i;
	int fd;

	if (mount("farroot-test", directory, "tmpfs", 0, "size=16m")) {
		fprintf(stderr, "mount: %s: the disk that fills up is not tested\n", strerror(errno));
		return;
	}
	snprintf(name, sizeof name, "%s/other", directory);
	fd = open(name, O_WRONLY | O_CREAT, 0600);
	CHECK(fd >= 0);
	s = open_store(path, BLOCKS, BLOCKS);
	warnings = 0;
	for (i = 0; i < 10 * BLOCKS; i++) {
		put(s, i % BLOCKS);
		if (write(fd, other, sizeof other) < 0)
			CHECK_EQ(errno, ENOSPC);
	}
	CHECK(store_capacity_bytes(s) < 4 << 20);
	CHECK(warnings >= 1);
	CHECK(warnings <= 4);
	close(fd);
	store_free(s);
	umount2(directory, MNT_DETACH);
}

static void disk_full_from_the_start_means_memory(void)
{
	struct store *s;
	uint64_t block;

	if (mount("farroot-test", directory, "tmpfs", 0, "size=64k"))
		return;
	s = open_store(path, 256, 256);
	for (block = 0; block < 256; block++) {
		put(s, block);
		CHECK_EQ(read_block(s, block), 0);
	}
	CHECK(store_has(s, 255));
	CHECK_EQ(store_disk_fd(s), -1);
	CHECK_SAYS(last_message, "continuing with an empty cache in memory");
	store_free(s);
	umount2(directory, MNT_DETACH);
}

static void clean_up(void)
{
	umount2(directory, MNT_DETACH);
	unlink(path);
	rmdir(directory);
}

int main(void)
{
	CHECK(mkdtemp(directory) != NULL);
	atexit(clean_up);
	snprintf(path, sizeof path, "%s/store", directory);
	puts_and_reads();
	last_block_may_be_short();
	keeps_to_its_budget();
	keeps_what_is_read();
	gives_back();
	any_order();
	readers_never_see_wrong_bytes();
	readers_see_right_bytes_while_it_gives_back();
	put_is_kept_on_disk_as_candidate();
	smaller_budget_than_the_file_holds();
	file_of_another_size();
	bad_paths();
	full_disk_lowers_the_budget();
	a_disk_that_fills_up_is_few_lines();
	disk_full_from_the_start_means_memory();
	return 0;
}
