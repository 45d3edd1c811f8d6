/* SPDX-License-Identifier: MIT
 * Copyright (c) 2026 The rpi-rescue-netboot authors
 *
 * The inbox: all that passes between readers' threads and the fetch thread.  A reader's
 * thread gets this type, and no other of engine/fetch/.
 *
 *   reader:  inbox_wait ──► queue ─────────────────────► woken: result (or on_done is called)
 *   fetch:                    └──► inbox_take ─► ... ─► inbox_finish
 *
 * One mutex guards the queue, whether the image is open, and the status snapshot.
 * It is never held across the network, the disk or a callback.
 */
#ifndef FARROOT_INBOX_H
#define FARROOT_INBOX_H

#include <stdbool.h>
#include <stdint.h>

#include "common/cancel.h"
#include "common/status.h"
#include "engine/fetch/pending-read.h"
#include "engine/store/access-trace.h"
#include "engine/store/store.h"
#include "engine/verity/disk-check.h"

/* The most prefetch requests that wait in the queue; more are dropped. */
#define INBOX_PREFETCHES 16

struct inbox;

/* What a reader may use of an open image.  All of it stays until inbox_free. */
struct open_image {
	uint64_t size_bytes;
	uint64_t data_bytes;		/* in front of the hash tree; size_bytes: there is none */
	struct store *store;
	struct disk_check *check;	/* for reads of store; NULL: none */
	struct access_trace *trace;
};

/* All that readers' threads have handed over since the last inbox_take. */
struct inbox_mail {
	struct pending_read *reads;	/* linked by next_in_inbox, oldest first */
	struct range prefetches[INBOX_PREFETCHES];
	unsigned prefetch_count;
	bool wants_all;		/* the whole image */
};

/* outage_ms: how long a reader waits for the image to open, < 0: for ever.  wake(ctx)
 * must end the fetch thread's sleep; any thread may call it.
 * Returns 0 or -ENOMEM.
 */
int inbox_new(int64_t outage_ms, void (*wake)(void *ctx), void *ctx, struct inbox **out);
/* No other thread may use the inbox any more.  NULL is allowed. */
void inbox_free(struct inbox *inbox);

/* For readers' threads; any number of threads at once. */

/* Blocks until the image is open.  Returns 0; -ESHUTDOWN: cancelled, or the fetch
 * thread ends; -EIO: outage_ms have passed.
 */
int inbox_wait_open(struct inbox *inbox, const struct cancel *cancel);
/* NULL: the image is not open yet.  Takes no lock. */
const struct open_image *inbox_image(const struct inbox *inbox);
/* Hands over a read that misses a block, and blocks until the fetch thread has
 * finished it.  Returns its result: 0, -ESHUTDOWN or -EIO (outage=).
 */
int inbox_wait(struct inbox *inbox, struct pending_read *read, const struct cancel *cancel);
/* Hands over a read with on_done, and does not block.  on_done gets the result that
 * inbox_wait returns.
 */
void inbox_submit(struct inbox *inbox, struct pending_read *read);
/* The reader no longer wants a submitted read: on_done gets -ESHUTDOWN soon, unless the read
 * ends before.  Requires that on_done has not returned.  Does not block.
 */
void inbox_cancel(struct inbox *inbox, struct pending_read *read);
/* Asks for blocks [start, start + count) of an open image; does not block. */
void inbox_prefetch(struct inbox *inbox, uint64_t start, uint64_t count);
/* Asks for the whole image, also before it is open; does not block. */
void inbox_want_all(struct inbox *inbox);
/* Tells the fetch thread that blocks of the store were read for the first time, so that
 * readahead may continue.  Does not block; most calls only read a flag.
 */
void inbox_nudge(struct inbox *inbox);
/* Counts bytes that a reader has copied out of the store. */
void inbox_count_served(struct inbox *inbox, uint64_t bytes);
/* Counts a read that has succeeded, with its time.  Also for the fetch thread. */
void inbox_count_read(struct inbox *inbox, uint64_t ns, bool has_waited);
/* For the status: this part of the image is exported. */
void inbox_set_partition(struct inbox *inbox, unsigned number, uint64_t offset, uint64_t bytes);
/* For the status: the image is a seekable file of this uncompressed size. */
void inbox_set_seekable(struct inbox *inbox, uint64_t uncompressed_bytes, uint64_t frames);
/* The last status snapshot, with the present value of each counter. */
void inbox_status(struct inbox *inbox, struct status *out);

/* Any thread: tells the fetch thread to end.  Readers that wait get -ESHUTDOWN. */
void inbox_stop(struct inbox *inbox);
bool inbox_is_stopped(const struct inbox *inbox);

/* For the fetch thread; none of these blocks. */

/* Opens the image for readers.  Call once. */
void inbox_open(struct inbox *inbox, const struct open_image *image);
void inbox_take(struct inbox *inbox, struct inbox_mail *out);
/* Ends the wait of a reader with a result (0 or -errno), or calls on_done: the read may be
 * gone when this returns.
 */
void inbox_finish(struct inbox *inbox, struct pending_read *read, int result);
void inbox_set_status(struct inbox *inbox, const struct status *status);
/* Whether inbox_nudge wakes the fetch thread; not needed if nothing is left to read ahead. */
void inbox_want_nudges(struct inbox *inbox, bool wanted);

#endif
