/* SPDX-License-Identifier: MIT
 * Copyright (c) 2026 The rpi-rescue-netboot authors
 */
#include "config.h"

#include <errno.h>
#include <inttypes.h>
#include <stdio.h>
#include <stdlib.h>
#include <unistd.h>

#include "common/clock.h"
#include "engine/fetch/fetch-internal.h"
#include "engine/fetch/memory-watch.h"
#include "engine/policy/memory-pressure.h"
#include "engine/store/memory-state.h"

#define LOOK_MS 1000

struct memory_watch {
	struct memory_pressure pressure;
	struct memory_state memory;	/* of the last look */
	struct trace_cursor cursor;	/* what the store knows of reads before it tracked them */
	uint64_t looked_ms;		/* 0: never */
	int trigger_fd;			/* wakes the loop when processes stall; -1: none */
	uint64_t given_bytes;		/* since the hold began */
	bool tracks;
	bool has_told_hold;		/* the log says that the fill waits */
	bool has_told_eviction;
	bool has_told_loss;		/* that the image is not complete any more */
};

int memory_watch_init(struct fetch *f)
{
	f->memory_watch = calloc(1, sizeof *f->memory_watch);
	if (!f->memory_watch)
		return -ENOMEM;
	f->memory_watch->trigger_fd = -1;
	return 0;
}

void memory_watch_free(struct fetch *f)
{
	if (f->memory_watch && f->memory_watch->trigger_fd >= 0)
		close(f->memory_watch->trigger_fd);
	free(f->memory_watch);
}

static uint64_t mib(uint64_t bytes)
{
	return bytes >> 20;
}

/* What the fill would add to the store. */
static uint64_t to_come_bytes(const struct fetch *f)
{
	uint64_t absent = (f->scheduler.blocks - store_present_blocks(f->store)) * STORE_BLOCK;
	uint64_t most = store_full_capacity_bytes(f->store), used = store_used_bytes(f->store);
	uint64_t room = most > used ? most - used : 0;

	if (!f->fills)
		return 0;
	return absent < room ? absent : room;
}

/* A complete image in a file with a name may be put under the root file system by the supervisor
 * at any moment (the pivot), and a hole in it would be read as zeroes.
 */
static bool may_evict(const struct fetch *f, bool is_complete)
{
	struct origins_state origins;

	origins_state(f->origins, &origins);
	return !origins.outage && !(is_complete && store_disk_fd(f->store) >= 0);
}

static struct memory_use use_of(const struct fetch *f)
{
	bool is_complete = store_used_bytes(f->store) >= f->scheduler.blocks * STORE_BLOCK;

	return (struct memory_use){
		.to_come_bytes = to_come_bytes(f),
		.held_bytes = store_used_bytes(f->store),
		.is_complete = is_complete,
		.may_evict = may_evict(f, is_complete),
	};
}

bool memory_watch_holds(const struct fetch *f)
{
	return f->memory_watch->pressure.hold != MEMORY_HOLD_NONE;
}

void memory_watch_reason(const struct fetch *f, char *text, size_t size)
{
	const struct memory_watch *w = f->memory_watch;
	uint64_t have = mib(w->memory.available_bytes);

	switch (w->pressure.hold) {
	case MEMORY_HOLD_NONE:
		snprintf(text, size, "%s", "");
		break;
	case MEMORY_HOLD_LOW:
		snprintf(text, size, "memory: %" PRIu64 " MiB to come, %" PRIu64 " MiB available, %" PRIu64 " MiB are kept free",
			 mib(to_come_bytes(f)), have,
			 mib(memory_pressure_reserve_bytes(w->memory.total_bytes)));
		break;
	case MEMORY_HOLD_STALL:
		snprintf(text, size, "memory: processes wait for it %u %% of the time, %" PRIu64 " MiB available",
			 w->memory.stall_percent, have);
		break;
	case MEMORY_HOLD_CALM:
		snprintf(text, size, "memory: %" PRIu64 " MiB available, enough if that lasts", have);
		break;
	}
}

/* So that the first eviction finds out what is not used: all that clients have ever read counts
 * as read recently.
 */
static void track_reads(struct fetch *f)
{
	struct memory_watch *w = f->memory_watch;
	uint64_t start, end;

	if (!w->tracks)
		store_track_reads(f->store);
	w->tracks = true;
	while (trace_next(f->trace, &w->cursor, &start, &end))
		store_note_read(f->store, start, end);
}

/* Once in a hold: a machine that is short of memory for long has many steps. */
static void tell_eviction(struct fetch *f)
{
	struct memory_watch *w = f->memory_watch;
	bool is_loss = w->pressure.was_complete && !w->has_told_loss;

	if (w->has_told_eviction && !is_loss)
		return;
	w->has_told_eviction = true;
	w->has_told_loss |= is_loss;
	log_say(f->log, is_loss ? LOG_WARN : LOG_FAULT,
		"memory: %" PRIu64 " of %" PRIu64 " MiB are available: %sthe cache begins to give blocks back, and reads of them need an origin",
		mib(w->memory.available_bytes), mib(w->memory.total_bytes),
		is_loss ? "THE IMAGE IS NOT COMPLETE ANY MORE: " : "");
}

static void give_back(struct fetch *f, uint64_t bytes)
{
	struct memory_watch *w = f->memory_watch;

	w->given_bytes += store_give_back(f->store, bytes);
	tell_eviction(f);
}

static void begin_hold(struct fetch *f)
{
	char reason[128];

	if (f->memory_watch->has_told_hold || !to_come_bytes(f))
		return;
	memory_watch_reason(f, reason, sizeof reason);
	f->memory_watch->has_told_hold = true;
	log_say(f->log, LOG_FAULT, "the fill waits for %s", reason);
}

static void end_hold(struct fetch *f)
{
	struct memory_watch *w = f->memory_watch;

	store_restore_capacity(f->store);
	if (w->has_told_hold || w->has_told_eviction)
		log_say(f->log, LOG_FAULT, "memory: %" PRIu64 " MiB are available%s; %" PRIu64 " MiB were given back",
			mib(w->memory.available_bytes), f->fills ? ", and the fill goes on" : "",
			mib(w->given_bytes));
	w->has_told_hold = w->has_told_eviction = false;
	w->given_bytes = 0;
}

static void look(struct fetch *f)
{
	struct memory_watch *w = f->memory_watch;
	struct memory_use use = use_of(f);
	bool held = memory_watch_holds(f);
	uint64_t bytes;

	/* Without /proc the state is not known: zeroes. */
	memory_state_read(MEMORY_STATE_PROC, &w->memory);
	bytes = memory_pressure_step(&w->pressure, &w->memory, &use, w->looked_ms);
	if (memory_watch_holds(f))
		begin_hold(f);
	if (w->pressure.is_short)
		track_reads(f);
	if (bytes)
		give_back(f, bytes);
	if (held && !memory_watch_holds(f))
		end_hold(f);
	if (w->has_told_loss && store_present_blocks(f->store) == f->scheduler.blocks) {
		w->has_told_loss = false;
		log_say(f->log, LOG_NOTE, "memory: the image is complete again");
	}
}

/* An old kernel has no trigger for this process: then the loop looks when it runs anyway. */
static void open_trigger(struct fetch *f)
{
	f->memory_watch->trigger_fd = memory_state_open_trigger(MEMORY_STATE_PROC);
	origins_wake_on(f->origins, f->memory_watch->trigger_fd);
}

void memory_watch_step(struct fetch *f)
{
	struct memory_watch *w = f->memory_watch;
	uint64_t now = clock_ms();

	if (!store_is_in_memory(f->store) || (w->looked_ms && now - w->looked_ms < LOOK_MS))
		return;
	if (!w->looked_ms)
		open_trigger(f);
	w->looked_ms = now;
	look(f);
}

uint64_t memory_watch_in_ms(const struct fetch *f)
{
	uint64_t ms = memory_pressure_in_ms(&f->memory_watch->pressure, clock_ms());

	if (!store_is_in_memory(f->store))
		return UINT64_MAX;
	return ms > LOOK_MS ? ms : LOOK_MS;
}
