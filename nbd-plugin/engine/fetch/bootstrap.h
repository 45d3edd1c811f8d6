/* SPDX-License-Identifier: MIT
 * Copyright (c) 2026 The rpi-rescue-netboot authors
 *
 * The first conversation with an origin: how large is the image, and does its
 * tree hang on the root hash we were given?
 *
 *   1. any range         → the total size (skipped with size=)
 *   2. size              → where the superblock must be: data + 1 + tree = total
 *   3. superblock, top   → salt and layout; the top block against the root hash
 *
 * An origin that fails a step is blamed and the next is asked, for ever.
 */
#ifndef FARROOT_BOOTSTRAP_H
#define FARROOT_BOOTSTRAP_H

#include <stdatomic.h>

#include "engine/fetch/inflight.h"
#include "common/log.h"
#include "common/options.h"
#include "engine/http/origins.h"
#include "engine/verity/verity.h"

struct opening {
	struct origins *origins;
	const struct options *options;
	const struct log *log;
	_Atomic bool *stop;
	void (*tick)(void *ctx);	/* called in the wait: the status, and what else can be
					 * done by then */
	void *ctx;

	/* What was found; before the end, what an origin has told: 0 as long as none has. */
	uint64_t size_bytes;
	uint64_t top_start;		/* blocks; what was asked for to get top */
	uint32_t top_count;
	struct verity verity;		/* unless verify=none */
	struct inflight *first;		/* block 0, not verified; NULL with size= */
	struct inflight *top;		/* superblock and the blocks behind it;
					 * verified only as far as its first hash
					 * block; NULL for verify=none */
};

/* Blocks until an origin has passed.  The sink must hand the bytes of a job to
 * inflight_receive and set ended and fault at its end.
 * Returns 0, -ESHUTDOWN (*stop was set) or -ENOMEM.
 */
int opening_run(struct opening *opening);

#endif
