/* SPDX-License-Identifier: MIT
 * Copyright (c) 2026 The rpi-rescue-netboot authors
 *
 * A thread that hashes what arrives, so that a fast link does not wait for
 * SHA-256.  It makes digests and nothing else: what a digest is compared with,
 * and what follows from that, stays with the fetch thread.
 *
 *   fetch:   receive ──► give ──┐              ┌──► compare, put, deliver
 *   hasher:                     └──► digests ──┘ done()
 */
#ifndef FARROOT_HASH_THREAD_H
#define FARROOT_HASH_THREAD_H

#include "engine/fetch/inflight.h"

struct hash_thread;

/* Starts the thread; signals are blocked as in the caller.  done is called from
 * it whenever digests have been made.  verity must outlive it.  Returns 0;
 * -ENOTSUP on a machine with one processor; or -errno.
 */
int hash_thread_new(const struct verity *verity, void (*done)(void *ctx), void *ctx,
	       struct hash_thread **out);

/* Ends the thread; what was given and not hashed stays so. */
void hash_thread_free(struct hash_thread *hash_thread);

/* All that has arrived of a job, which has to stay until it is hashed. */
void hash_thread_add(struct hash_thread *hash_thread, struct inflight *inflight);

#endif
