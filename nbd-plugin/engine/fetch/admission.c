/* SPDX-License-Identifier: MIT
 * Copyright (c) 2026 The rpi-rescue-netboot authors
 */
#include "config.h"

#include <errno.h>

#include "common/clock.h"
#include "engine/fetch/admission.h"
#include "engine/fetch/delivery.h"
#include "engine/fetch/dispatch.h"
#include "engine/fetch/fetch-internal.h"

/* Copies a block that is present. */
static void serve(struct fetch *f, struct pending_read *read, uint64_t block)
{
	uint64_t offset = block * STORE_BLOCK;
	uint32_t length = f->size_bytes - offset < STORE_BLOCK ?
			  (uint32_t)(f->size_bytes - offset) : STORE_BLOCK;
	uint8_t bytes[STORE_BLOCK];

	if (disk_check_read(f->disk_check, f->store, bytes, offset, length))
		store_drop(f->store, block);	/* a bad disk */
	else
		inbox_count_served(f->inbox, pending_read_deliver(read, block, 1, bytes));
}

static void admit(struct fetch *f, struct pending_read *read)
{
	uint64_t block = read->demand.start, end = block + read->demand.count;

	/* Some may have come since the reader looked. */
	for (; block < end; block++)
		if (pending_read_misses(read, block) && store_has(f->store, block))
			serve(f, read, block);
	read->since_ms = clock_ms();
	if (read->left)
		scheduler_add_demand(&f->scheduler, &read->demand);
	else
		inbox_finish(f->inbox, read, 0);
}

void admission_take(struct fetch *f)
{
	struct pending_read *read, *next;
	struct inbox_mail mail;
	unsigned i;

	inbox_take(f->inbox, &mail);
	for (read = mail.reads; read; read = next) {
		next = read->next_in_inbox;
		admit(f, read);
	}
	for (i = 0; i < mail.prefetch_count; i++)
		scheduler_add_prefetch(&f->scheduler, mail.prefetches[i].start,
				       mail.prefetches[i].end - mail.prefetches[i].start);
	if (mail.wants_all)
		dispatch_fill_now(f);
}

void admission_dismiss(struct fetch *f)
{
	struct demand *demand = f->scheduler.first, *next;
	int64_t outage_ms = f->options->outage_ms;
	uint64_t now = clock_ms(), since;
	struct pending_read *read;

	for (; demand; demand = next) {
		next = demand->next;
		read = pending_read_of(demand);
		since = read->since_ms > f->progress_ms ? read->since_ms : f->progress_ms;
		if (read->cancelled)
			delivery_end(f, read, -ESHUTDOWN);
		else if (outage_ms >= 0 && now - since >= (uint64_t)outage_ms)
			delivery_end(f, read, -EIO);
	}
}

void admission_dismiss_all(struct fetch *f)
{
	struct pending_read *read, *next;
	struct inbox_mail mail;

	while (f->scheduler.first)
		delivery_end(f, pending_read_of(f->scheduler.first), -ESHUTDOWN);
	inbox_take(f->inbox, &mail);
	for (read = mail.reads; read; read = next) {
		next = read->next_in_inbox;
		inbox_finish(f->inbox, read, -ESHUTDOWN);
	}
}
