/* SPDX-License-Identifier: MIT
 * Copyright (c) 2026 The rpi-rescue-netboot authors
 *
 * What is given to the hasher gets the digests that verity_digest makes, however
 * its bytes arrive; and a hasher may be ended with work left.
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

static void wait_until_hashed(struct bell *bell, const struct job *job)
{
	pthread_mutex_lock(&bell->lock);
	while (job_is_given(job))
		pthread_cond_wait(&bell->rung, &bell->lock);
	pthread_mutex_unlock(&bell->lock);
}

static struct job *new_job(uint64_t start)
{
	struct extent extent = { .start = start, .count = BLOCKS, .avoid = -1 };
	struct job *job = job_new(NULL, &extent, JOB_FILL, UINT64_MAX);

	CHECK(job != NULL);
	return job;
}

/* The next bytes of a job, different in each block of each job. */
static void receive(struct job *job, size_t count)
{
	uint8_t bytes[STORE_BLOCK * 3];
	size_t i;

	for (i = 0; i < count; i++)
		bytes[i] = (uint8_t)(job->start + (job->received + i) / 7);
	job_receive(job, bytes, count);
}

static void check_digests(const struct job *job)
{
	uint8_t digest[VERITY_DIGEST_SIZE];
	uint32_t i;

	CHECK_EQ(job->hashed, job->count);
	for (i = 0; i < job->count; i++) {
		CHECK_EQ(verity_digest(&verity, job->bytes + (size_t)i * STORE_BLOCK, digest), 0);
		CHECK(!memcmp(digest, job_digest(job, i), sizeof digest));
	}
}

static void digests_are_right(struct hasher *hasher, struct bell *bell)
{
	struct job *jobs[JOBS];
	size_t i, size, left;

	for (i = 0; i < JOBS; i++)
		jobs[i] = new_job(i * BLOCKS);
	/* In pieces that end within blocks, of all jobs in turn. */
	for (left = (size_t)BLOCKS * STORE_BLOCK; left; left -= size) {
		size = left < 9001 ? left : 9001;
		for (i = 0; i < JOBS; i++) {
			receive(jobs[i], size);
			if (jobs[i]->arrived > jobs[i]->given)
				hasher_give(hasher, jobs[i]);
		}
	}
	for (i = 0; i < JOBS; i++) {
		wait_until_hashed(bell, jobs[i]);
		check_digests(jobs[i]);
		job_free(jobs[i]);
	}
}

static void ends_with_work_left(struct bell *bell)
{
	struct job *jobs[JOBS];
	struct hasher *hasher;
	size_t i, n;

	CHECK_EQ(hasher_new(&verity, ring, bell, &hasher), 0);
	for (i = 0; i < JOBS; i++) {
		jobs[i] = new_job(i * BLOCKS);
		for (n = 0; n < BLOCKS; n++)
			receive(jobs[i], STORE_BLOCK);
		hasher_give(hasher, jobs[i]);
	}
	hasher_free(hasher);
	for (i = 0; i < JOBS; i++)
		job_free(jobs[i]);
}

int main(void)
{
	struct bell bell = { .lock = PTHREAD_MUTEX_INITIALIZER, .rung = PTHREAD_COND_INITIALIZER };
	struct hasher *hasher;
	int err;

	CHECK_EQ(verity_init(&verity, JOBS * BLOCKS, (const uint8_t *)"salt", 4, NULL), 0);
	err = hasher_new(&verity, ring, &bell, &hasher);
	if (err == -ENOTSUP) {
		fprintf(stderr, "SKIP: one processor\n");
		return 77;
	}
	CHECK_EQ(err, 0);
	digests_are_right(hasher, &bell);
	hasher_free(hasher);
	ends_with_work_left(&bell);
	verity_free(&verity);
	return 0;
}
