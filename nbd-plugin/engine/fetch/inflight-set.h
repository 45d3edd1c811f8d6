/* SPDX-License-Identifier: MIT
 * Copyright (c) 2026 The rpi-rescue-netboot authors
 *
 * All in-flight requests for blocks: those whose transfer is under way (active), and
 * those that still hold blocks which have not been judged.  The fetch thread only.
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

/* Takes ownership of a request that is active, unless it has ended already. */
void inflight_set_add(struct inflight_set *set, struct inflight *inflight);

/* The transfer of a request of the set has ended. */
void inflight_set_end(struct inflight_set *set, struct inflight *inflight, enum fault fault);

/* Frees those that have ended and whose blocks have all been judged. */
void inflight_set_reap(struct inflight_set *set);

/* Takes the newest out, for the caller to free; NULL: the set is empty. */
struct inflight *inflight_set_pop(struct inflight_set *set);

/* Frees the pool of an empty set. */
void inflight_set_free(struct inflight_set *set);

/* Transfers under way: all of them; those for which no reader waits yet. */
unsigned inflight_set_active(const struct inflight_set *set);
unsigned inflight_set_active_background(const struct inflight_set *set);

/* Bytes that were requested and have not come yet. */
uint64_t inflight_set_due_bytes(const struct inflight_set *set);

/* Blocks that all requests of the set have room for. */
uint64_t inflight_set_blocks(const struct inflight_set *set);

#endif
