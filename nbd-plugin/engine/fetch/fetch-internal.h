/* SPDX-License-Identifier: MIT
 * Copyright (c) 2026 The rpi-rescue-netboot authors
 *
 * What the fetch thread knows, and the parts of its loop; for fetch*.c alone.
 * Everything here runs in the fetch thread.
 */
#ifndef FARROOT_FETCH_INTERNAL_H
#define FARROOT_FETCH_INTERNAL_H

#include <pthread.h>
#include <stdatomic.h>

#include "engine/fetch/fetch.h"
#include "engine/fetch/hash-thread.h"
#include "engine/fetch/inflight.h"
#include "engine/policy/data-quota.h"
#include "engine/fetch/bootstrap.h"
#include "engine/http/origins.h"
#include "engine/policy/congestion-window.h"
#include "engine/policy/block-scheduler.h"
#include "engine/policy/readahead.h"
#include "engine/policy/token-bucket.h"
#include "engine/store/access-trace.h"
#include "engine/verity/hash-cache.h"

/* How often a waiting reader looks whether it is still wanted. */
#define PATIENCE_MS 250
#define PREFETCH_INBOX 16

/* What is known before anybody asks: see fetch-profile.c. */
enum hint_state { HINT_DUE, HINT_ASKED, HINT_HERE, HINT_PLANNED, HINT_NONE };

struct hint {
	enum hint_state state;
	struct origin_request request;
	char *text;
	size_t length;
	unsigned tries;
	uint64_t again_ms;
};

struct fetch {
	const struct options *options;
	const struct log *log;
	struct origins *origins;
	struct store *store;
	struct opening opening;
	struct hash_cache *hash_cache;		/* NULL as long as no size is known */
	struct verity verity;		/* before rooted: only where things are */
	bool guess_failed;		/* of fetch-opening.c */
	bool rooted;			/* the tree hangs on the root hash: it is open */
	struct block_scheduler scheduler;
	struct access_trace *trace;
	uint64_t size_bytes, opened_ms;
	bool fill;
	pthread_t thread;
	bool started;

	pthread_mutex_t lock;		/* guards what follows, up to the gap */
	pthread_cond_t opened_wake;
	bool opened;
	struct pending_read *inbox, **inbox_last;
	struct range prefetches[PREFETCH_INBOX];
	unsigned prefetch_count;
	struct status status;

	_Atomic bool stop;
	_Atomic bool has_hashed;	/* the hasher, since it was last looked at */
	_Atomic uint64_t served_bytes;

	struct hash_thread *hash_thread;		/* NULL: hash here */
	uint32_t turn_blocks;		/* came in this turn of the loop */
	struct inflight *inflights;
	unsigned inflight_count;
	struct buffer_pool buffers;
	unsigned active[REQUEST_CLASSES];	/* transfers under way */
	bool hash_cache_grew;
	uint64_t believe_at;
	uint64_t wasted_bytes, damaged_blocks;
	uint64_t progress_ms;		/* when bytes last verified */
	_Atomic bool materialized;
	int64_t outage_since;
	struct congestion_window cwnd;
	struct token_bucket bucket;	/* rate= */
	struct data_quota quota;	/* budget= */
	struct hint hint;
	_Atomic bool has_profile;
	_Atomic uint64_t nudged_ms;
	struct trace_cursor seen;
	struct readahead readahead;
};

/* fetch.c */

/* Takes note of how the link does, and tells how things stand. */
void fetch_update_status(struct fetch *f);

/* fetch-opening.c */

/* Blocks until an origin has the image, whose size and layout are known then.  Returns
 * 0, -ESHUTDOWN or -errno.
 */
int fetch_open(struct fetch *f);

/* fetch-deliver.c */

/* Ends the wait of a reader: it may be gone when this returns. */
void fetch_finish(struct fetch *f, struct pending_read *w, int result);
/* The same for one that the plan knows. */
void fetch_end_wait(struct fetch *f, struct pending_read *w, int result);
/* Hands verified blocks to everybody who waits for them. */
void fetch_deliver(struct fetch *f, uint64_t start, uint32_t count, const uint8_t *bytes);
/* Keeps verified blocks and delivers them. */
void fetch_publish(struct fetch *f, uint64_t start, uint32_t count, const uint8_t *bytes);

/* fetch-believe.c */

/* Gets a hash block, from an earlier run or from an origin, and with it all that
 * it takes to check it.
 */
void fetch_need_hash(struct fetch *f, uint64_t block);
void fetch_believe_what_is_wanted(struct fetch *f);
/* A few more of the rest; whether there may be more to look at. */
bool fetch_believe_some(struct fetch *f);

/* fetch-settle.c */

/* Judges what has arrived of a job, as far as the hash blocks here allow. */
void fetch_settle(struct fetch *f, struct inflight *inflight);
/* Judges what the hasher has hashed since the last time. */
void fetch_settle_hashed(struct fetch *f);
/* The hasher's callback, in its thread. */
void fetch_on_hashed(void *ctx);
/* Judges all jobs again for as long as that brings new hash blocks. */
void fetch_settle_all(struct fetch *f);
/* Asks again for hash blocks whose fetch failed. */
void fetch_renew_hashes(struct fetch *f);
/* Frees the jobs that are through. */
void fetch_reap(struct fetch *f);
/* The origins' sink. */
void fetch_on_bytes(void *ctx, struct origin_request *request, const uint8_t *bytes, size_t count);
void fetch_on_end(void *ctx, struct origin_request *request, enum fault fault);

/* fetch-profile.c */

/* Reads profile=FILE.  Returns 0 or -errno, having logged why. */
int fetch_hint_init(struct fetch *f);
void fetch_hint_free(struct fetch *f);
/* Asks for the profile if that is due; also before the size is known. */
void fetch_hint_ask(struct fetch *f);
void fetch_hint_bytes(struct fetch *f, const uint8_t *bytes, size_t count);
void fetch_hint_end(struct fetch *f, enum fault fault);
/* If anything was planned, it is void: ask again. */
void fetch_hint_renew(struct fetch *f);
/* Milliseconds until that is due; UINT64_MAX if it will not be. */
uint64_t fetch_hint_in_ms(const struct fetch *f);
/* Asks, and puts what has come into the plan. */
void fetch_hint_step(struct fetch *f);

/* fetch-readahead.c */

/* Looks at what was read since the last time, and plans what may be next. */
void fetch_read_ahead(struct fetch *f);

/* fetch-ask.c */

/* Transfers under way, and the bytes that they still have to bring. */
unsigned fetch_active_count(const struct fetch *f);
uint64_t fetch_due_bytes(const struct fetch *f);
/* Milliseconds until reads will have been calm for long enough to fill; 0: now. */
uint64_t fetch_quiet_in_ms(const struct fetch *f);
void fetch_ask_for_more(struct fetch *f);
/* Lets the connections that this will take be opened in time. */
void fetch_connect_ahead(struct fetch *f);

/* fetch-door.c */

/* Takes in who came since the last time, and serves at once what is here. */
void fetch_take_inbox(struct fetch *f);
/* Lets go of readers that are gone, or that asked not to wait for ever. */
void fetch_dismiss(struct fetch *f);
/* At the end: nobody in the inbox is served any more. */
void fetch_fail_inbox(struct fetch *f);

#endif
