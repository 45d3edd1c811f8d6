/* SPDX-License-Identifier: MIT
 * Copyright (c) 2026 The rpi-rescue-netboot authors
 *
 * The hash thread computes the digests that verity_digest computes, however the bytes
 * arrive; and it may be ended with work left.
 */
#include "config.h"

#include <errno.h>
#include <pthread.h>

#include "check.h"
#include "engine/fetch/hash-thread.h"

#define BLOCKS 256
#define JOBS 20

static struct verity verity;

/* Every job says so when it is through. */
struct bell {
	pthread_mutex_t lock;
	pthread_cond_t rung;
	unsigned times;
};

static void ring(void *ctx)
{
	struct bell *bell = ctx;

	pthread_mutex_lock(&bell->lock);
	bell->times++;
	pthread_cond_signal(&bell->rung);
	pthread_mutex_unlock(&bell->lock);
}

static void wait_until_hashed(struct bell *bell, const struct inflight *inflight)
{
	pthread_mutex_lock(&bell->lock);
	while (inflight_is_given(inflight))
		pthread_cond_wait(&bell->rung, &bell->lock);
	pthread_mutex_unlock(&bell->lock);
}

static struct inflight *new_job(uint64_t start)
{
	struct extent extent = { .start = start, .count = BLOCKS, .avoid = -1 };
	struct inflight *inflight = inflight_new(NULL, &extent, CLASS_FILL, UINT64_MAX);

	CHECK(inflight != NULL);
	return inflight;
}

/* The next bytes of a job, different in each block of each job. */
static void receive(struct inflight *inflight, size_t count)
{
	uint8_t bytes[STORE_BLOCK * 3];
	size_t i;

	for (i = 0; i < count; i++)
		bytes[i] = (uint8_t)(inflight->start + (inflight->received + i) / 7);
	inflight_receive(inflight, bytes, count);
}

static void check_digests(const struct inflight *inflight)
{
	uint8_t digest[VERITY_DIGEST_SIZE];
	uint32_t i;

	CHECK_EQ(inflight->hashed, inflight->count);
	for (i = 0; i < inflight->count; i++) {
		CHECK_EQ(verity_digest(&verity, inflight->bytes + (size_t)i * STORE_BLOCK, digest), 0);
		CHECK(!memcmp(digest, inflight_digest(inflight, i), sizeof digest));
	}
}

static void digests_are_right(struct hash_thread *hash_thread, struct bell *bell)
{
	struct inflight *inflights[JOBS];
	size_t i, size, left;

	for (i = 0; i < JOBS; i++)
		inflights[i] = new_job(i * BLOCKS);
	/* In pieces that end within blocks, of all jobs in turn. */
	for (left = (size_t)BLOCKS * STORE_BLOCK; left; left -= size) {
		size = left < 9001 ? left : 9001;
		for (i = 0; i < JOBS; i++) {
			receive(inflights[i], size);
			if (inflights[i]->arrived > inflights[i]->given)
				hash_thread_add(hash_thread, inflights[i]);
		}
	}
	for (i = 0; i < JOBS; i++) {
		wait_until_hashed(bell, inflights[i]);
		check_digests(inflights[i]);
		inflight_free(inflights[i]);
	}
}

static void ends_with_work_left(struct bell *bell)
{
	struct inflight *inflights[JOBS];
	struct hash_thread *hash_thread;
	size_t i, n;

	CHECK_EQ(hash_thread_new(&verity, ring, bell, &hash_thread), 0);
	for (i = 0; i < JOBS; i++) {
		inflights[i] = new_job(i * BLOCKS);
		for (n = 0; n < BLOCKS; n++)
			receive(inflights[i], STORE_BLOCK);
		hash_thread_add(hash_thread, inflights[i]);
	}
	hash_thread_free(hash_thread);
	for (i = 0; i < JOBS; i++)
		inflight_free(inflights[i]);
}

int main(void)
{
	struct bell bell = { .lock = PTHREAD_MUTEX_INITIALIZER, .rung = PTHREAD_COND_INITIALIZER };
	struct hash_thread *hash_thread;
	int err;

	CHECK_EQ(verity_init(&verity, JOBS * BLOCKS, (const uint8_t *)"salt", 4, NULL), 0);
	err = hash_thread_new(&verity, ring, &bell, &hash_thread);
	if (err == -ENOTSUP) {
		fprintf(stderr, "SKIP: one processor\n");
		return 77;
	}
	CHECK_EQ(err, 0);
	digests_are_right(hash_thread, &bell);
	hash_thread_free(hash_thread);
	ends_with_work_left(&bell);
	verity_free(&verity);
	return 0;
}
