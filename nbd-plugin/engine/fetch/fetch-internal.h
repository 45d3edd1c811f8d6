/* SPDX-License-Identifier: MIT
 * Copyright (c) 2026 The rpi-rescue-netboot authors
 *
 * What the parts of the fetch thread share; for the files of engine/fetch/ that take
 * a struct fetch, all of which run in the fetch thread alone.  What only one of them
 * uses is in a struct that only that file knows.
 */
#ifndef FARROOT_FETCH_INTERNAL_H
#define FARROOT_FETCH_INTERNAL_H

#include "common/log.h"
#include "common/options.h"
#include "engine/fetch/inbox.h"
#include "engine/fetch/inflight-set.h"
#include "engine/http/origins.h"
#include "engine/policy/block-scheduler.h"
#include "engine/policy/congestion-window.h"
#include "engine/store/access-trace.h"
#include "engine/store/store.h"
#include "engine/verity/hash-cache.h"
#include "engine/verity/verity.h"

struct fetch {
	const struct options *options;
	const struct log *log;
	struct origins *origins;
	struct inbox *inbox;

	/* The image.  Before it is open, all that needs a size is set up for a guess, or
	 * not at all: size_bytes is 0, hash_cache and trace are NULL.
	 */
	bool is_open;			/* the hash tree hangs on the root hash */
	uint64_t opened_ms;
	uint64_t size_bytes;
	struct verity verity;		/* of a guess: only where blocks are */
	struct store *store;
	struct hash_cache *hash_cache;
	struct access_trace *trace;
	struct block_scheduler scheduler;
	bool fills;			/* the fill is on */
	bool is_materialized;

	/* The requests. */
	struct inflight_set inflight;
	struct congestion_window cwnd;
	uint64_t progress_ms;		/* when a block last verified */

	/* Each known to the file of that name alone. */
	struct bootstrap *bootstrap;
	struct completion *completion;
	struct dispatch *dispatch;
	struct prefetch_hints *hints;
	struct readahead_feed *readahead_feed;
	struct revalidation *revalidation;
	struct status_snapshot *snapshot;
};

#endif
