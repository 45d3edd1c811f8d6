/* SPDX-License-Identifier: MIT
 * Copyright (c) 2026 The rpi-rescue-netboot authors
 *
 * The state that the parts of the fetch thread share.  Included by the files of
 * engine/fetch/ whose functions take a struct fetch, and all of those run in the fetch
 * thread.  State that one file alone uses is in a struct that is private to the file.
 */
#ifndef FARROOT_FETCH_INTERNAL_H
#define FARROOT_FETCH_INTERNAL_H

#include "common/fault.h"
#include "common/log.h"
#include "common/options.h"
#include "common/request-class.h"
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
	 * not at all: then size_bytes is 0, and hash_cache and trace are NULL.
	 */
	bool is_open;			/* the top of the hash tree has verified */
	uint64_t opened_ms;
	uint64_t size_bytes;
	struct verity verity;		/* of a guess: the places of blocks alone */
	struct store *store;
	struct hash_cache *hash_cache;
	struct disk_check *disk_check;	/* NULL: the store is in memory, or nothing is verified */
	struct access_trace *trace;
	struct block_scheduler scheduler;
	bool fills;			/* the fill is on, */
	bool fills_now;			/* and does not wait for a calm time */
	bool is_materialized;

	/* The requests. */
	struct inflight_set inflight;
	struct congestion_window cwnd;
	uint64_t progress_ms;		/* when a block last verified */

	/* Counters for the status. */
	uint64_t class_bytes[REQUEST_CLASSES];	/* of bodies received */
	uint64_t faults[FAULT_KINDS];	/* requests that ended with one, and blocks that do not verify */

	/* Each is private to the file of the same name. */
	struct bootstrap *bootstrap;
	struct completion *completion;
	struct dispatch *dispatch;
	struct earlier_image *earlier;	/* NULL: no earlier= */
	struct memory_watch *memory_watch;
	struct prefetch_hints *hints;
	struct last_pass *last_pass;
	struct readahead_feed *readahead_feed;
	struct revalidation *revalidation;
	struct status_snapshot *snapshot;
};

#endif
