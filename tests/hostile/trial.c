/* SPDX-License-Identifier: MIT
 * Copyright (c) 2026 The rpi-rescue-netboot authors
 */
#include "config.h"

#include <errno.h>
#include <inttypes.h>
#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "common/clock.h"
#include "hostile-origin.h"
#include "engine/image.h"
#include "common/options.h"
#include "prng.h"
#include "readers.h"
#include "common/status.h"
#include "../slack.h"
#include "trial.h"

#define LOOK_MS 10
/* A trial lasts for less than a minute. */
#define LOG_LINES_MAX 20
/* For each origin, beside what the image needs: at first, and in each second. */
#define REQUESTS 100
#define REQUESTS_PER_S 60
#define BYTES (5U << 20)
#define BYTES_PER_S (128U << 10)

struct run {
	const struct trial *trial;
	struct hostile_origin *origins[TRIAL_ORIGINS];
	struct options options;
	struct log log;
	struct image *image;
	struct readers readers;
	unsigned failures;
	_Atomic unsigned log_lines;	/* notes and warnings */
	uint64_t began_ms;
};

uint64_t trial_limit_ms(void)
{
	return slack(TRIAL_LIMIT_MS);
}

void trial_option(struct trial *t, const char *fmt, ...)
{
	va_list args;

	if (t->option_count == TRIAL_OPTIONS)
		abort();
	va_start(args, fmt);
	vsnprintf(t->options[t->option_count++], sizeof t->options[0], fmt, args);
	va_end(args);
}

unsigned trial_jobs(unsigned n)
{
	unsigned jobs = n / (unsigned)slack(1);

	return jobs ? jobs : 1;
}

void trial_timeouts(struct trial *t)
{
	trial_option(t, "stall=%.1f", (double)slack(300) / 1000);
	trial_option(t, "connect-timeout=%.1f", (double)slack(500) / 1000);
	trial_option(t, "retry-max=0.2");
}

static void fail(struct run *run, const char *what, uint64_t ms)
{
	run->failures++;
	fprintf(stderr, "FAIL: %s (%" PRIu64 " ms)\n", what, ms);
}

static void log_write(void *ctx, enum log_level level, const char *message)
{
	static const char *const names[] = { "detail", "note", "warn" };

	struct run *run = ctx;

	if (level != LOG_DETAIL)
		run->log_lines++;
	if (run->trial->verbose)
		fprintf(stderr, "%8.3f %s: %s\n", (double)(clock_ms() % 1000000) / 1000,
			names[level], message);
}

static void set(struct run *run, char *option)
{
	char *value = strchr(option, '='), why[256];

	*value++ = '\0';
	if (options_set(&run->options, option, value, why, sizeof why)) {
		fprintf(stderr, "%s\n", why);
		abort();
	}
}

static void set_options(struct run *run)
{
	const struct trial *t = run->trial;
	char text[128], why[256];
	unsigned i;

	options_init(&run->options);
	for (i = 0; i < t->origin_count; i++) {
		snprintf(text, sizeof text, "url=http://127.0.0.1:%u/image",
			 hostile_origin_port(run->origins[i]));
		set(run, text);
	}
	for (i = 0; i < t->option_count; i++) {
		memcpy(text, t->options[i], sizeof text);
		set(run, text);
	}
	if (!run->options.verify_none) {
		run->options.have_roothash = true;
		memcpy(run->options.roothash, t->image->roothash, 32);
	}
	if (options_check(&run->options, why, sizeof why)) {
		fprintf(stderr, "%s\n", why);
		abort();
	}
}

static void start_origins(struct run *run)
{
	const struct trial *t = run->trial;
	unsigned i;

	for (i = 0; i < t->origin_count; i++) {
		struct hostile_options o = {
			.image = t->image->bytes, .image_bytes = t->image->size_bytes,
			.seed = t->seed * TRIAL_ORIGINS + i, .kinds = t->origin[i].kinds,
			.percent = t->origin[i].percent, .log = t->verbose ? stderr : NULL,
		};

		if (hostile_origin_new(&o, &run->origins[i]))
			abort();
	}
}

static void check_status(struct run *run)
{
	struct status s;

	image_status(run->image, &s);
	if (s.present_bytes > s.image_bytes)
		fail(run, "more is present than there is", s.present_bytes);
	if (s.cache_bytes && s.present_bytes > s.cache_bytes)
		fail(run, "the store is larger than its capacity", s.present_bytes);
}

/* If one origin is good, there must be progress all the time. */
static void hostile_phase(struct run *run)
{
	uint64_t until = clock_ms() + run->trial->hostile_ms, longest;

	while (clock_ms() < until && !run->failures && !run->readers.failures) {
		usleep(LOOK_MS * 1000);
		check_status(run);
		longest = readers_longest_ms(&run->readers);
		if (run->trial->one_is_good && longest > trial_limit_ms())
			fail(run, "a read waits although an origin is good", longest);
	}
}

static bool all_here(struct run *run)
{
	struct status s;

	image_status(run->image, &s);
	return !run->trial->until_all_here || s.state == STATUS_MATERIALIZED;
}

static void demand_progress(struct run *run)
{
	uint64_t healed = clock_ms(), limit = trial_limit_ms(), took = 0;
	bool read = false, here = false;

	while (!run->failures && !run->readers.failures && !(read && here)) {
		usleep(LOOK_MS * 1000);
		check_status(run);
		read = read || readers_all_since(&run->readers, healed);
		here = all_here(run);
		took = clock_ms() - healed;
		if (!read && took > limit)
			fail(run, "a read waits although the origins are healed", took);
		/* Twice the limit, because the background fetches more than the readers. */
		else if (!here && took > 2 * limit)
			fail(run, "not everything comes although the origins are healed", took);
	}
	if (run->trial->verbose)
		fprintf(stderr, "progress %" PRIu64 " ms after healing\n", took);
}

static void end_readers(struct run *run)
{
	uint64_t began = clock_ms();

	run->readers.stop = true;
	while (!readers_ended(&run->readers)) {
		usleep(LOOK_MS * 1000);
		if (clock_ms() - began > trial_limit_ms()) {
			fail(run, "a reader does not end", clock_ms() - began);
			run->readers.abandon = true;
			break;
		}
	}
	readers_join(&run->readers);
}

static void heal(struct run *run)
{
	unsigned i;

	if (run->trial->verbose)
		fprintf(stderr, "healing\n");
	for (i = 0; i < run->trial->origin_count; i++)
		hostile_origin_heal(run->origins[i]);
}

static void finish(struct run *run)
{
	if (run->trial->end == TRIAL_KILL)
		_exit(run->failures || run->readers.failures);
	if (run->trial->end == TRIAL_ABANDON) {
		run->readers.abandon = true;
	} else if (!run->failures) {
		heal(run);
		demand_progress(run);
	}
	if (run->failures)
		run->readers.abandon = true;
	end_readers(run);
	if (run->trial->end == TRIAL_HEAL && !run->failures && !run->readers.failures)
		readers_check_all(&run->readers);
}

static bool is_cache_limited(const struct trial *t)
{
	unsigned i;

	for (i = 0; i < t->option_count; i++)
		if (!strncmp(t->options[i], "cache=", 6))
			return true;
	return false;
}

/* Costs have limits, whatever the origins do: lines of the log, bytes and requests.  With a
 * small cache, blocks are fetched more than once, so bytes have no limit then.
 */
static void judge_costs(struct run *run)
{
	const struct trial *t = run->trial;
	uint64_t seconds = (clock_ms() - run->began_ms) / 1000 + 1, most;
	struct status s;

	image_status(run->image, &s);
	if (run->log_lines > LOG_LINES_MAX)
		fail(run, "too many lines of log", run->log_lines);
	most = t->image->size_bytes / 4096 + t->origin_count * (REQUESTS + REQUESTS_PER_S * seconds);
	if (!is_cache_limited(t) && s.requests > most)
		fail(run, "too many requests", s.requests);
	most = t->image->size_bytes * 5 / 4 + t->origin_count * (BYTES + BYTES_PER_S * seconds);
	if (!is_cache_limited(t) && s.fetched_bytes > most)
		fail(run, "too many bytes were fetched", s.fetched_bytes);
	if (t->verbose)
		fprintf(stderr, "%u lines of log, %" PRIu64 " requests, %" PRIu64 " bytes for an image of %" PRIu64 ", %" PRIu64 " s\n",
			run->log_lines, s.requests, s.fetched_bytes, t->image->size_bytes, seconds);
}

int trial_run(const struct trial *t)
{
	struct run run = { .trial = t };
	unsigned i;

	run.log = (struct log){ log_write, &run };
	run.began_ms = clock_ms();
	start_origins(&run);
	set_options(&run);
	if (image_new(&run.options, &run.log, &run.image) || image_start(run.image, NULL, NULL)) {
		fprintf(stderr, "FAIL: the engine does not start\n");
		return 1;
	}
	run.readers.image = run.image;
	run.readers.truth = t->image;
	run.readers.count = t->reader_count;
	run.readers.impatient = t->impatient;
	readers_start(&run.readers, t->seed);
	hostile_phase(&run);
	finish(&run);
	judge_costs(&run);
	image_free(run.image);
	for (i = 0; i < t->origin_count; i++)
		hostile_origin_free(run.origins[i]);
	options_free(&run.options);
	return run.failures || run.readers.failures;
}
