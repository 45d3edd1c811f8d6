/* SPDX-License-Identifier: MIT
 * Copyright (c) 2026 The rpi-rescue-netboot authors
 */
#include "config.h"

#include <errno.h>
#include <pthread.h>
#include <stdlib.h>
#include <unistd.h>

#include "engine/fetch/hash-thread.h"

struct hash_thread {
	const struct verity *verity;
	void (*done)(void *ctx);
	void *ctx;
	pthread_t thread;

	pthread_mutex_t lock;		/* guards all below, and next_to_hash, is_queued and given of requests */
	pthread_cond_t wake;
	struct inflight *first, **last;
	bool stop;
};

static struct inflight *take(struct hash_thread *h)
{
	struct inflight *inflight = h->first;

	h->first = inflight->next_to_hash;
	if (!h->first)
		h->last = &h->first;
	inflight->is_queued = false;
	return inflight;
}

static void *hash_thread_main(void *arg)
{
	struct hash_thread *h = arg;
	struct inflight *inflight;
	uint32_t end;

	pthread_mutex_lock(&h->lock);
	while (!h->stop) {
		if (!h->first) {
			pthread_cond_wait(&h->wake, &h->lock);
			continue;
		}
		inflight = take(h);
		end = inflight->given;
		pthread_mutex_unlock(&h->lock);
		/* The request may be freed before this returns. */
		inflight_hash(inflight, h->verity, end);
		h->done(h->ctx);
		pthread_mutex_lock(&h->lock);
	}
	pthread_mutex_unlock(&h->lock);
	return NULL;
}

int hash_thread_new(const struct verity *verity, void (*done)(void *ctx), void *ctx,
	       struct hash_thread **out)
{
	struct hash_thread *h;
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
	err = pthread_create(&h->thread, NULL, hash_thread_main, h);
	if (err) {
		pthread_cond_destroy(&h->wake);
		pthread_mutex_destroy(&h->lock);
		free(h);
		return -err;
	}
	*out = h;
	return 0;
}

void hash_thread_free(struct hash_thread *h)
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

void hash_thread_add(struct hash_thread *h, struct inflight *inflight)
{
	pthread_mutex_lock(&h->lock);
	inflight->given = inflight->arrived;
	if (!inflight->is_queued) {
		inflight->is_queued = true;
		inflight->next_to_hash = NULL;
		*h->last = inflight;
		h->last = &inflight->next_to_hash;
	}
	pthread_cond_signal(&h->wake);
	pthread_mutex_unlock(&h->lock);
}
