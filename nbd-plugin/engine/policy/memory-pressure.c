/* SPDX-License-Identifier: MIT
 * Copyright (c) 2026 The rpi-rescue-netboot authors
 *
 * The fill comes first, because it costs nothing to stop: the blocks that it would fetch are
 * fetched when they are read.  Evicted blocks cost bytes of the link, and a read that waits.
 *
 * A complete image is the promise that the cable may be unplugged, and it is kept nearly to the
 * end.  Which is worse for a remote machine?
 *   - The OOM killer ends the process that has the most memory: mostly the one that has caused
 *     the trouble.  This server and the sshd that listens are exempt, and systemd starts a service
 *     again.  The machine can still be reached.
 *   - Blocks that are gone after the cable is: reads of them wait until the cable is back, and
 *     with them a login or the start of a service.  If the link works, they only take longer.
 * A process that takes memory without an end takes what is evicted, too, and meets the OOM killer
 * a little later.  So the image gives back no more than it must, and only when the OOM killer is
 * near, and to save a load that is slightly too large: a small step at a time, blocks that were
 * never read first, with a warning, and never while no origin answers, nor from a file that
 * another process may put under the root file system (may_evict).
 */
#include "config.h"

#include "engine/policy/memory-pressure.h"

#define MIB (1ULL << 20)
/* The reserve: 1/16 of the memory.  48 MiB is what systemd, journald and sshd of a small Debian
 * need to go on, and 256 MiB are enough for the page cache of a large one.
 */
#define RESERVE_PART 16
#define RESERVE_MIN (48 * MIB)
#define RESERVE_MAX (256 * MIB)
/* Below this part of the reserve the OOM killer is near: 1/64 of the memory of a Pi with 1 GiB. */
#define LAST_PART 4
/* The fill goes on with a quarter more than the reserve: what ends a hold must not begin one. */
#define RESUME_PART 4
/* In percent of the time.  An idle machine has 0, and one that swaps has tens. */
#define STALL_PERCENT 10
#define CALM_STALL_PERCENT 5
/* Stalls count only if less than this part of the memory is available.  With more they come
 * from the limit of a cgroup or from a slow disk, and the fill does not cause them.
 */
#define STALL_PART 4
/* And the store gives back because of them only below this number of reserves.  Reads of evicted
 * blocks wait, and the kernel counts that as stalls, too: without this limit one eviction would
 * lead to the next.
 */
#define STALL_RESERVES 2
/* A load of a few seconds, such as the start of a service, costs no blocks. */
#define EVICT_AFTER_MS 5000
#define EVICT_EVERY_MS 5000
/* One step: 1/16 of the store, more if more is missing, at most 1/4. */
#define EVICT_PART 16
#define EVICT_MOST_PART 4
/* What a boot reads again and again stays. */
#define EVICT_FLOOR (16 * MIB)
/* How long there must be enough before the fill goes on.  After an eviction longer each time: a
 * load that comes and goes must not make a metered link fetch the image every few minutes.
 */
#define CALM_MS 10000
#define CALM_EVICTED_MS 30000
#define CALM_MAX_MS 3600000
#define LOOK_MS 2000

static uint64_t at_most(uint64_t a, uint64_t b)
{
	return a < b ? a : b;
}

static uint64_t less(uint64_t a, uint64_t b)
{
	return a > b ? a - b : 0;
}

uint64_t memory_pressure_reserve_bytes(uint64_t total_bytes)
{
	uint64_t bytes = at_most(total_bytes / RESERVE_PART, RESERVE_MAX);

	return bytes > RESERVE_MIN ? bytes : RESERVE_MIN;
}

static bool stalls(const struct memory_state *m, unsigned percent)
{
	return m->has_stall && m->stall_percent >= percent &&
	       m->available_bytes < m->total_bytes / STALL_PART;
}

/* Sets *is and, when it begins, *since_ms. */
static void note(bool *is, uint64_t *since_ms, bool now, uint64_t now_ms)
{
	if (now && !*is)
		*since_ms = now_ms;
	*is = now;
}

static void note_pressure(struct memory_pressure *p, const struct memory_state *m, uint64_t now_ms)
{
	uint64_t reserve = memory_pressure_reserve_bytes(m->total_bytes), have = m->available_bytes;
	bool is_short = m->total_bytes &&
		(have < reserve || (stalls(m, STALL_PERCENT) && have < STALL_RESERVES * reserve));

	note(&p->is_short, &p->short_since_ms, is_short, now_ms);
	note(&p->is_last, &p->last_since_ms, m->total_bytes && have < reserve / LAST_PART, now_ms);
}

/* Why the fill must wait now, with a margin if it waits already. */
static enum memory_hold reason(const struct memory_state *m, uint64_t to_come_bytes, bool holds)
{
	uint64_t reserve = memory_pressure_reserve_bytes(m->total_bytes);

	if (!m->total_bytes)
		return MEMORY_HOLD_NONE;
	if (holds)
		reserve += reserve / RESUME_PART;
	if (m->available_bytes < to_come_bytes + reserve)
		return MEMORY_HOLD_LOW;
	if (stalls(m, holds ? CALM_STALL_PERCENT : STALL_PERCENT))
		return MEMORY_HOLD_STALL;
	return MEMORY_HOLD_NONE;
}

static void note_hold(struct memory_pressure *p, enum memory_hold why, uint64_t now_ms)
{
	if (why) {
		p->hold = why;
		return;
	}
	if (p->hold && p->hold != MEMORY_HOLD_CALM) {
		p->hold = MEMORY_HOLD_CALM;
		p->calm_since_ms = now_ms;
	}
	if (p->hold && now_ms - p->calm_since_ms >= (p->calm_ms ? p->calm_ms : CALM_MS)) {
		p->hold = MEMORY_HOLD_NONE;
		p->has_evicted = false;
	}
}

static bool may_evict_now(const struct memory_pressure *p, const struct memory_use *use, uint64_t now_ms)
{
	bool is_short = p->was_complete ? p->is_last : p->is_short;
	uint64_t since_ms = p->was_complete ? p->last_since_ms : p->short_since_ms;

	return is_short && use->may_evict && now_ms - since_ms >= EVICT_AFTER_MS &&
	       (!p->has_evicted || now_ms - p->evicted_ms >= EVICT_EVERY_MS);
}

static uint64_t step_bytes(const struct memory_pressure *p, const struct memory_state *m,
			   const struct memory_use *use)
{
	uint64_t missing = less(memory_pressure_reserve_bytes(m->total_bytes), m->available_bytes);
	uint64_t bytes = use->held_bytes / EVICT_PART;

	if (missing > bytes && !p->was_complete)
		bytes = at_most(missing, use->held_bytes / EVICT_MOST_PART);
	return at_most(bytes, less(use->held_bytes, EVICT_FLOOR));
}

/* The first eviction of a hold makes the pause after it longer. */
static void note_eviction(struct memory_pressure *p, uint64_t now_ms)
{
	if (!p->has_evicted)
		p->calm_ms = p->calm_ms ? at_most(2 * p->calm_ms, CALM_MAX_MS) : CALM_EVICTED_MS;
	p->has_evicted = true;
	p->evicted_ms = now_ms;
}

uint64_t memory_pressure_step(struct memory_pressure *p, const struct memory_state *m,
			      const struct memory_use *use, uint64_t now_ms)
{
	uint64_t bytes;

	note_pressure(p, m, now_ms);
	note_hold(p, reason(m, use->to_come_bytes, p->hold), now_ms);
	p->was_complete = use->is_complete || (p->was_complete && p->hold);
	if (!may_evict_now(p, use, now_ms))
		return 0;
	bytes = step_bytes(p, m, use);
	if (bytes)
		note_eviction(p, now_ms);
	return bytes;
}

uint64_t memory_pressure_in_ms(const struct memory_pressure *p, uint64_t now_ms)
{
	uint64_t calm_ms = p->calm_ms ? p->calm_ms : CALM_MS;

	if (p->is_short || p->hold == MEMORY_HOLD_STALL)
		return LOOK_MS;
	if (p->hold != MEMORY_HOLD_CALM)
		return UINT64_MAX;
	return less(p->calm_since_ms + calm_ms, now_ms);
}
