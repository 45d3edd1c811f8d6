/* SPDX-License-Identifier: MIT
 * Copyright (c) 2026 The rpi-rescue-netboot authors
 */
#include "config.h"

#include <errno.h>
#include <inttypes.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <time.h>
#include <unistd.h>

#include "common/clock.h"
#include "common/options.h"
#include "common/status.h"
#include "costs.h"
#include "day.h"
#include "engine/image.h"
#include "hostile-origin.h"
#include "image-builder.h"
#include "jumping-clock.h"
#include "prng.h"
#include "record.h"

#define MINUTE_MS 60000ULL
#define HOUR_MS (60 * MINUTE_MS)
#define READS 8
#define READ_BYTES 16384
/* A read that waits for longer is cancelled. */
#define READ_MS (10 * MINUTE_MS)
/* After the end: the longest pause for corrupt bytes is 10 min. */
#define HEAL_MS (15 * MINUTE_MS)
#define HEAL_LOOK_MS 100

struct visit {
	struct world *world;
	_Atomic uint64_t began_ms;	/* 0: free */
	bool is_cancelled;
	struct image_read *read;
	uint64_t offset;
	uint32_t count;
	uint8_t bytes[READ_BYTES];
};

struct world {
	const struct day *day;
	struct day_result *result;
	struct built_image truth;
	struct hostile_origin *origins[2];
	unsigned origin_count;
	struct dead_origin dead;
	struct options options;
	struct log_limiter log_limiter;
	struct log log;
	struct image *image;
	struct prng random;
	uint64_t began_ms;
	FILE *record;
	struct visit visits[READS];
	_Atomic uint64_t reads, longest_ms;
	_Atomic unsigned failures;
};

static uint64_t since_begin(const struct world *w)
{
	return clock_ms() - w->began_ms;
}

static void log_write(void *ctx, enum log_level level, const char *message)
{
	struct world *w = ctx;
	struct day_result *r = w->result;

	fprintf(w->record, "%9.3f %s%s\n", (double)since_begin(w) / 1000, level == LOG_DETAIL ? "  " : "",
		message);
	if (level == LOG_DETAIL)
		return;
	if (r->lines < DAY_LINES)
		r->line_ms[r->lines] = since_begin(w);
	r->lines++;
}

static void set(struct world *w, const char *key, const char *fmt, uint64_t n)
{
	char value[128], why[256];

	snprintf(value, sizeof value, fmt, n);
	if (options_set(&w->options, key, value, why, sizeof why)) {
		fprintf(stderr, "%s\n", why);
		abort();
	}
}

static void add_origin(struct world *w, uint64_t kinds, const struct nature *nature)
{
	const struct day *day = w->day;
	struct hostile_options o = { .image = w->truth.bytes, .image_bytes = w->truth.size_bytes,
				     .seed = day->seed, .kinds = kinds, .percent = 100, .nature = *nature };

	if (hostile_origin_new(&o, &w->origins[w->origin_count]))
		abort();
	set(w, "url", day->slow_name ? "http://" SLOW_NAME ":%" PRIu64 "/image" : "http://127.0.0.1:%" PRIu64 "/image",
	    hostile_origin_port(w->origins[w->origin_count]));
	w->origin_count++;
}

static void begin(struct world *w)
{
	const struct nature good = { .profile = PROFILE_REFUSED, .profile_status = 404 };
	const struct day *day = w->day;
	char url[128], why[256];

	options_init(&w->options);
	if (day->dead) {
		dead_origin_begin(&w->dead, day->dead, url, sizeof url);
		if (options_set(&w->options, "url", url, why, sizeof why))
			abort();
	} else {
		add_origin(w, day->kinds, &day->nature);
	}
	if (day->beside_good)
		add_origin(w, 0, &good);
	if (day->is_read_anew)
		set(w, "cache", "%" PRIu64, 4 << 20);
	w->options.have_roothash = true;
	memcpy(w->options.roothash, w->truth.roothash, sizeof w->options.roothash);
	if (options_check(&w->options, why, sizeof why))
		abort();
	w->began_ms = clock_ms();
	if (costs_start_engine(&w->options, &w->log, &w->image))
		abort();
}

/* Called by the fetch thread. */
static void end_visit(void *ctx, int result)
{
	struct visit *v = ctx;
	struct world *w = v->world;
	uint64_t took = clock_ms() - v->began_ms;

	if (v->is_cancelled && result == -ESHUTDOWN) {
		v->began_ms = 0;
		return;
	}
	if (result || memcmp(v->bytes, w->truth.bytes + v->offset, v->count)) {
		w->failures++;
		fprintf(stderr, "FAIL: %s: bytes %" PRIu64 "+%u\n", result ? strerror(-result) : "WRONG BYTES",
			v->offset, v->count);
	}
	w->reads++;
	if (took > w->longest_ms)
		w->longest_ms = took;
	v->began_ms = 0;
}

static void cancel_old(struct world *w)
{
	uint64_t now = clock_ms();
	struct visit *v;

	for (v = w->visits; v < w->visits + READS; v++) {
		if (!v->began_ms || v->is_cancelled || now - v->began_ms < READ_MS)
			continue;
		v->is_cancelled = true;
		image_read_cancel(w->image, v->read);
	}
}

/* Reads something, unless too many reads wait. */
static void visit(struct world *w)
{
	uint64_t size = w->truth.size_bytes;
	struct status s;
	struct visit *v = w->visits;

	image_status(w->image, &s);
	if (!s.image_bytes || image_wait_open(w->image, NULL))
		return;
	cancel_old(w);
	while (v < w->visits + READS && v->began_ms)
		v++;
	if (v == w->visits + READS)
		return;
	v->world = w;
	v->is_cancelled = false;
	v->offset = prng_below(&w->random, size - 1);
	v->count = (uint32_t)(1 + prng_below(&w->random, size - v->offset < READ_BYTES ? size - v->offset : READ_BYTES));
	v->began_ms = clock_ms();
	if (image_pread_start(w->image, v->bytes, v->count, v->offset, end_visit, v, &v->read))
		abort();
}

static bool is_all_read(const struct world *w)
{
	unsigned i;

	for (i = 0; i < READS; i++)
		if (w->visits[i].began_ms)
			return false;
	return true;
}

static struct day_cost cost_now(struct world *w)
{
	struct day_cost c = { .reads = w->reads, .cpu_ms = costs_engine_cpu_ms() };
	struct hostile_counts counts;
	struct status s;
	unsigned i;

	image_status(w->image, &s);
	c.requests = s.requests;
	for (i = 0; i < w->origin_count; i++) {
		counts = hostile_origin_counts(w->origins[i]);
		c.bytes += counts.sent_bytes;
		c.connections += counts.connections;
	}
	return c;
}

static struct day_cost minus(struct day_cost a, const struct day_cost *b)
{
	return (struct day_cost){ a.requests - b->requests, a.bytes - b->bytes, a.connections - b->connections,
				  a.cpu_ms - b->cpu_ms, a.reads - b->reads };
}

static void sleep_ms(uint64_t ms)
{
	struct timespec t = { .tv_sec = (time_t)(ms / 1000), .tv_nsec = (long)(ms % 1000) * 1000000 };

	nanosleep(&t, NULL);
}

static void take_turn(struct world *w, unsigned minute)
{
	unsigned turn = w->day->turn_minutes;

	if (turn && w->origins[0] && minute % turn == 0)
		hostile_origin_set_healed(w->origins[0], minute / turn % 2);
}

static void note_haste(struct world *w)
{
	struct hostile_counts c;
	unsigned i;

	for (i = 0; i < w->origin_count; i++) {
		c = hostile_origin_counts(w->origins[i]);
		w->result->asked += c.asked + c.actors.profile_asked;
		w->result->hasty += c.hasty + c.actors.profile_hasty;
	}
}

static void heal(struct world *w)
{
	uint64_t healed = clock_ms();
	struct status s;
	unsigned i;

	for (i = 0; i < w->origin_count; i++)
		hostile_origin_heal(w->origins[i]);
	do {
		sleep_ms(HEAL_LOOK_MS);
		image_status(w->image, &s);
		w->result->healed_ms = clock_ms() - healed;
	} while ((!s.image_bytes || !is_all_read(w)) && w->result->healed_ms < HEAL_MS);
}

static void live(struct world *w)
{
	struct day_cost before = { 0 }, now;
	unsigned minute;

	for (minute = 0; minute < 60 * w->day->hours; minute++) {
		take_turn(w, minute);
		visit(w);
		sleep_ms(w->began_ms + (minute + 1) * MINUTE_MS - clock_ms());
		if (!minute)
			w->result->minute = cost_now(w);
		if (minute % 60 != 59)
			continue;
		now = cost_now(w);
		w->result->hour[minute / 60] = minus(now, &before);
		before = now;
	}
}

void day_run(const struct day *day, struct day_result *result)
{
	struct world *w = calloc(1, sizeof *w);
	uint64_t memory;

	if (!w)
		abort();
	memset(result, 0, sizeof *result);
	w->day = day;
	w->result = result;
	w->random = prng_of(day->seed, 3);
	w->record = day->verbose ? stderr : record_new();
	w->log_limiter = (struct log_limiter)LOG_LIMITER_INIT;
	w->log = (struct log){ .write = log_write, .ctx = w, .limiter = &w->log_limiter };
	if (image_build(&w->truth, day->image_blocks, true, day->seed))
		abort();
	result->image_bytes = w->truth.size_bytes;
	jumping_clock_start();
	memory = costs_peak_bytes();
	begin(w);
	live(w);
	result->memory_bytes = costs_peak_bytes() - memory;
	result->longest_read_ms = w->longest_ms;
	note_haste(w);
	if (!day->dead || day->beside_good)
		heal(w);
	result->failures = w->failures;
	if (w->record != stderr && (result->failures || result->healed_ms >= HEAL_MS))
		record_print_end(w->record);
	/* The process ends with everything. */
}
