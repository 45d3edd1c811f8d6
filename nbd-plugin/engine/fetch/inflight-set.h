/* SPDX-License-Identifier: MIT
 * Copyright (c) 2026 The rpi-rescue-netboot authors
 *
 * The in-flight set: all requests for blocks whose transfer is active, or which hold blocks
 * that have not been judged yet.  Only the requests of bootstrap are not in it before the
 * image is open.
 *
 * All functions belong to the fetch thread; none blocks.
 */
#ifndef FARROOT_INFLIGHT_SET_H
#define FARROOT_INFLIGHT_SET_H

#include "engine/fetch/inflight.h"

/* All zero is an empty set. */
struct inflight_set {
	struct inflight *first;		/* the newest; linked by next */
	unsigned count;
	unsigned active[REQUEST_CLASSES];
	struct buffer_pool buffers;	/* for inflight_new */
};

/* Takes ownership of a request, and counts it as active unless it has ended. */
void inflight_set_add(struct inflight_set *set, struct inflight *inflight);

/* The transfer of a request of the set has ended: it is active no more. */
void inflight_set_end(struct inflight_set *set, struct inflight *inflight, enum fault fault);

/* Frees those that have ended and whose blocks have all been judged. */
void inflight_set_reap(struct inflight_set *set);

/* Takes the newest request out, for the caller to free; NULL: the set is empty. */
struct inflight *inflight_set_pop(struct inflight_set *set);

/* Frees the buffer pool of an empty set. */
void inflight_set_free(struct inflight_set *set);

/* Active transfers: all; those of a background class, for which no reader waits yet. */
unsigned inflight_set_active(const struct inflight_set *set);
unsigned inflight_set_active_background(const struct inflight_set *set);

/* Bytes that active transfers have still to receive. */
uint64_t inflight_set_due_bytes(const struct inflight_set *set);

/* Blocks that the buffers of all requests of the set hold. */
uint64_t inflight_set_blocks(const struct inflight_set *set);

#endif
