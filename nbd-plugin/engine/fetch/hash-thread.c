/* SPDX-License-Identifier: MIT
 * Copyright (c) 2026 The rpi-rescue-netboot authors
 */
#include "config.h"

#include <errno.h>
#include <pthread.h>
#include <stdlib.h>
#include <unistd.h>

#include "engine/fetch/hash-thread.h"

struct hasher {
	const struct verity *verity;
	void (*done)(void *ctx);
	void *ctx;
	pthread_t thread;

	pthread_mutex_t lock;		/* guards what follows, and what jobs say of the queue */
	pthread_cond_t wake;
	struct job *first, **last;
	bool stop;
};

static struct job *take(struct hasher *h)
{
	struct job *job = h->first;

	h->first = job->next_to_hash;
	if (!h->first)
		h->last = &h->first;
	job->is_queued = false;
	return job;
}

static void *hasher_thread(void *arg)
{
	struct hasher *h = arg;
	struct job *job;
	uint32_t end;

	pthread_mutex_lock(&h->lock);
	while (!h->stop) {
		if (!h->first) {
			pthread_cond_wait(&h->wake, &h->lock);
			continue;
		}
		job = take(h);
		end = job->given;
		pthread_mutex_unlock(&h->lock);
		/* It may be gone when this returns. */
		job_hash(job, h->verity, end);
		h->done(h->ctx);
		pthread_mutex_lock(&h->lock);
	}
	pthread_mutex_unlock(&h->lock);
	return NULL;
}

int hasher_new(const struct verity *verity, void (*done)(void *ctx), void *ctx,
	       struct hasher **out)
{
	struct hasher *h;
	int err;

	if (sysconf(_SC_NPROCESSORS_ONLN) < 2)
		return -ENOTSUP;
	h = calloc(1, sizeof *h);
	if (!h)
		return -ENOMEM;
	h->verity = verity;
	h->done = done;
	h->ctx = ctx;
	h->last = &h->first;
	pthread_mutex_init(&h->lock, NULL);
	pthread_cond_init(&h->wake, NULL);
	err = pthread_create(&h->thread, NULL, hasher_thread, h);
	if (err) {
		pthread_cond_destroy(&h->wake);
		pthread_mutex_destroy(&h->lock);
		free(h);
		return -err;
	}
	*out = h;
	return 0;
}

void hasher_free(struct hasher *h)
{
	if (!h)
		return;
	pthread_mutex_lock(&h->lock);
	h->stop = true;
	pthread_cond_signal(&h->wake);
	pthread_mutex_unlock(&h->lock);
	pthread_join(h->thread, NULL);
	pthread_cond_destroy(&h->wake);
	pthread_mutex_destroy(&h->lock);
	free(h);
}

void hasher_give(struct hasher *h, struct job *job)
{
	pthread_mutex_lock(&h->lock);
	job->given = job->arrived;
	if (!job->is_queued) {
		job->is_queued = true;
		job->next_to_hash = NULL;
		*h->last = job;
		h->last = &job->next_to_hash;
	}
	pthread_cond_signal(&h->wake);
	pthread_mutex_unlock(&h->lock);
}
