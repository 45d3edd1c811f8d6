/* SPDX-License-Identifier: MIT
 * Copyright (c) 2026 The rpi-rescue-netboot authors
 *
 * The hash thread: hashes the blocks that arrive, so that a fast link does not wait for
 * SHA-256.  It only makes digests; the fetch thread compares them.
 *
 *   fetch thread:  receive ──► hash_thread_add ──┐              ┌──► compare, put, deliver
 *   hash thread:                                 └──► digests ──┘ done()
 *
 * All functions belong to the fetch thread.
 */
#ifndef FARROOT_HASH_THREAD_H
#define FARROOT_HASH_THREAD_H

#include "engine/fetch/inflight.h"

struct hash_thread;

/* Starts the thread, with the signal mask of the caller.  The hash thread calls done(ctx)
 * after it has made digests; done must not block.  verity must outlive the thread.
 * Returns 0; -ENOTSUP on a machine with one processor; -ENOMEM; or -errno of
 * pthread_create(3).
 */
int hash_thread_new(const struct verity *verity, void (*done)(void *ctx), void *ctx,
	       struct hash_thread **out);

/* Ends the thread, and blocks until it has hashed at most one more request.  The other
 * requests of its queue are not hashed.  NULL is allowed.
 */
void hash_thread_free(struct hash_thread *hash_thread);

/* Hands over all blocks of a request that have arrived.  The request must stay until
 * inflight_is_given is false, or the thread has ended.  Does not block for longer than the
 * thread needs to take a request out of its queue.
 */
void hash_thread_add(struct hash_thread *hash_thread, struct inflight *inflight);

#endif
