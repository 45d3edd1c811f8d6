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
#include "costs.h"
#include "hostile-faults.h"
#include "hostile-origin.h"
#include "engine/image.h"
#include "engine/verity/verity.h"
#include "common/options.h"
#include "prng.h"
#include "profile-judge.h"
#include "readers.h"
#include "record.h"
#include "relay.h"
#include "common/status.h"
#include "../slack.h"
#include "tls-server.h"
#include "trial.h"

#define LOOK_MS 10

struct run {
	const struct trial *trial;
	struct hostile_origin *origins[TRIAL_ORIGINS];
	struct relay *relays[TRIAL_ORIGINS];
	struct dead_origin dead;
	struct options options;
	struct log_limiter log_limiter;
	struct log log;
	struct image *image;
	struct export *export;
	struct readers readers;
	FILE *record;			/* what engine and origins log */
	unsigned failures;
	_Atomic unsigned log_lines;	/* notes and warnings */
	_Atomic unsigned timeouts;	/* of requests, that the engine tells */
	uint64_t began_ms, healed_requests;
	uint64_t began_bytes;		/* peak of the memory at the begin */
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

void trial_describe(const struct trial *t)
{
	unsigned i, k;

	fprintf(stderr, "image of %" PRIu64 " bytes%s, %u readers, hostile for %u ms, end %d%s\n",
		t->image->size_bytes, t->image->is_seekable ? " (seekable)" : "", t->reader_count, t->hostile_ms, t->end,
		t->until_all_here ? ", until all is here" : "");
	for (i = 0; i < t->option_count; i++)
		fprintf(stderr, "  %s\n", t->options[i]);
	for (i = 0; i < t->origin_count; i++) {
		fprintf(stderr, "  origin %u: %u %% of:", i, t->origin[i].percent);
		for (k = 1; k < HOSTILE_KINDS; k++)
			if (t->origin[i].kinds >> k & 1)
				fprintf(stderr, " %s", hostile_kind_name(k));
		fputc('\n', stderr);
		nature_describe(&t->origin[i].nature);
		if (t->origin[i].delay_ms)
			fprintf(stderr, "    behind a relay of %u ms%s\n", t->origin[i].delay_ms,
				t->by_proxy ? " (proxy=)" : "");
		if (t->origin[i].tls)
			fputs("    https\n", stderr);
		if (t->origin[i].slow_name)
			fputs("    its name is looked up slowly\n", stderr);
	}
	if (t->dead)
		fprintf(stderr, "  a dead origin %s: %s\n", t->dead_is_last ? "last" : "first",
			dead_kind_name(t->dead));
}

static void fail(struct run *run, const char *what, uint64_t ms)
{
	run->failures++;
	fprintf(stderr, "FAIL: %s (%" PRIu64 " ms)\n", what, ms);
}

/* When a target has expired, the first URL is asked, and nothing is logged as a fault. */
static bool is_expiry_logged(const struct trial *t, const char *message)
{
	const uint64_t alike = HOSTILE_BIT(HOSTILE_401) | HOSTILE_BIT(HOSTILE_403) |
			       HOSTILE_BIT(HOSTILE_404) | HOSTILE_BIT(HOSTILE_410);
	char expired[64];
	unsigned i;

	for (i = 0; i < t->origin_count; i++)
		if (t->origin[i].kinds & alike)
			return false;
	for (i = 0; i < t->origin_count; i++) {
		snprintf(expired, sizeof expired, "answered %u instead of 206",
			 t->origin[i].nature.target_status);
		if (t->origin[i].nature.target_ms && strstr(message, expired))
			return true;
	}
	return false;
}

/* The time in front of a line. */
static double stamp_s(void)
{
	return (double)(clock_ms() % 1000000) / 1000;
}

static void log_write(void *ctx, enum log_level level, const char *message)
{
	static const char *const names[] = { "detail", "note", "warn" };

	struct run *run = ctx;

	if (level != LOG_DETAIL)
		run->log_lines++;
	if (strstr(message, "stalled") || strstr(message, "timed out"))
		run->timeouts++;
	if (is_expiry_logged(run->trial, message))
		fail(run, "an expired target is taken for a fault", 0);
	fprintf(run->record, "%8.3f %s: %s\n", stamp_s(), names[level], message);
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

static void set_url(struct run *run, unsigned i)
{
	unsigned port = hostile_origin_port(run->origins[i]);
	char text[128];

	if (run->relays[i] && run->trial->by_proxy) {
		snprintf(text, sizeof text, "proxy=http://127.0.0.1:%u", relay_port(run->relays[i]));
		set(run, text);
	} else if (run->relays[i]) {
		port = relay_port(run->relays[i]);
	}
	snprintf(text, sizeof text, "url=http%s://%s:%u/image", run->trial->origin[i].tls ? "s" : "",
		 run->trial->origin[i].slow_name ? SLOW_NAME : "127.0.0.1", port);
	set(run, text);
}

static bool has_tls(const struct trial *t)
{
	unsigned i;

	for (i = 0; i < t->origin_count; i++)
		if (t->origin[i].tls)
			return true;
	return false;
}

/* One certificate for all. */
static void set_cainfo(struct run *run)
{
	char text[128];

	if (!has_tls(run->trial))
		return;
	snprintf(text, sizeof text, "cainfo=%s", tls_server_cainfo());
	set(run, text);
}

static void set_dead_url(struct run *run)
{
	char text[128] = "url=";

	dead_origin_begin(&run->dead, run->trial->dead, text + 4, sizeof text - 4);
	set(run, text);
}

static void set_options(struct run *run)
{
	const struct trial *t = run->trial;
	char text[128], why[256];
	unsigned i;

	options_init(&run->options);
	if (t->dead && !t->dead_is_last)
		set_dead_url(run);
	for (i = 0; i < t->origin_count; i++)
		set_url(run, i);
	if (t->dead && t->dead_is_last)
		set_dead_url(run);
	set_cainfo(run);
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

static void start_relay(struct run *run, unsigned i)
{
	unsigned delay_ms = run->trial->origin[i].delay_ms;
	bool tls = run->trial->origin[i].tls;

	if (tls)
		tls_server_cainfo();
	if ((tls || delay_ms) &&
	    relay_new(hostile_origin_port(run->origins[i]), delay_ms, tls, &run->relays[i]))
		abort();
}

static void start_origins(struct run *run)
{
	const struct trial *t = run->trial;
	unsigned i;

	for (i = 0; i < t->origin_count; i++) {
		struct hostile_options o = {
			.image = t->image->bytes, .image_bytes = t->image->size_bytes,
			.seed = t->seed * TRIAL_ORIGINS + i, .kinds = t->origin[i].kinds,
			.percent = t->origin[i].percent, .nature = t->origin[i].nature,
			.log = run->record,
		};

		if (hostile_origin_new(&o, &run->origins[i]))
			abort();
		start_relay(run, i);
	}
}

static void check_profile(struct run *run, const struct status *s)
{
	const struct nature *natures[TRIAL_ORIGINS];
	unsigned i;

	for (i = 0; i < run->trial->origin_count; i++)
		natures[i] = &run->trial->origin[i].nature;
	/* The seek table is needed, too. */
	if (!run->options.verify_none && !run->trial->image->is_seekable && profile_is_misused(natures, i, s))
		fail(run, "a profile of another image is used", s->ready_needs_bytes);
}

static void check_status(struct run *run)
{
	struct status s;

	image_status(run->image, &s);
	if (s.present_bytes > s.image_bytes)
		fail(run, "more is present than there is", s.present_bytes);
	if (s.cache_bytes && s.present_bytes > s.cache_bytes)
		fail(run, "the store is larger than its capacity", s.present_bytes);
	check_profile(run, &s);
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
		if (run->readers.is_sick && longest > trial_limit_ms() / 4)
			fail(run, "a read waits although only another part of the image is bad", longest);
	}
}

bool trial_is_cache_limited(const struct trial *t)
{
	unsigned i;

	for (i = 0; i < t->option_count; i++)
		if (!strncmp(t->options[i], "cache=", 6))
			return true;
	return false;
}

static bool all_here(struct run *run)
{
	struct status s;

	image_status(run->image, &s);
	return !run->trial->until_all_here || s.state == STATUS_MATERIALIZED;
}

static bool is_profile_due(struct run *run)
{
	struct status s;

	image_status(run->image, &s);
	/* Without a miss, the engine does not find out that the origins are well again. */
	run->readers.reach_bytes = s.requests == run->healed_requests ? 0 : run->trial->reach_bytes;
	return !trial_is_cache_limited(run->trial) && profile_is_due(run->origins, run->trial->origin_count, &s);
}

/* The readers go on reading, and each of their requests takes a round trip: as long as the
 * requests take that are allowed, one after the other, as many at once as an origin takes.
 */
static uint64_t round_trips_ms(const struct run *run)
{
	uint64_t requests = run->trial->image->size_bytes / COSTS_REQUEST_BYTES;
	unsigned i, at_once;
	uint64_t ms, most = 0;

	for (i = 0; i < run->trial->origin_count; i++) {
		at_once = run->trial->origin[i].nature.limit;
		if (!at_once || at_once > run->options.http.connections)
			at_once = run->options.http.connections;
		ms = requests * 2 * run->trial->origin[i].delay_ms / at_once;
		if (ms > most)
			most = ms;
	}
	return most;
}

static void demand_progress(struct run *run)
{
	uint64_t healed = clock_ms(), limit = trial_limit_ms(), took = 0, far = round_trips_ms(run);
	bool read = false, here = false, profile = false;

	while (!run->failures && !run->readers.failures && !(read && here && profile)) {
		usleep(LOOK_MS * 1000);
		check_status(run);
		read = read || readers_all_since(&run->readers, healed);
		here = all_here(run);
		profile = profile || !is_profile_due(run);
		took = clock_ms() - healed;
		if (!read && took > limit)
			fail(run, "a read waits although the origins are healed", took);
		/* Twice the limit, because the background fetches more than the readers. */
		else if (!here && took > 2 * limit + far)
			fail(run, "not everything comes although the origins are healed", took);
		else if (!profile && took > 2 * limit)
			fail(run, "the profile does not come although the origins are healed", took);
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
	struct status s;
	unsigned i;

	image_status(run->image, &s);
	run->healed_requests = s.requests;
	run->readers.is_sick = false;

	fprintf(run->record, "%8.3f healing\n", stamp_s());
	for (i = 0; i < run->trial->origin_count; i++)
		hostile_origin_heal(run->origins[i]);
}

static struct costs costs_of(struct run *run)
{
	struct costs c = {
		.ms = clock_ms() - run->began_ms, .log_lines = run->log_lines,
		.timeouts = run->timeouts,
		.memory_bytes = costs_peak_bytes() - run->began_bytes,
		.cpu_ms = costs_engine_cpu_ms(),
	};
	struct hostile_counts counts;
	struct status s;
	unsigned i;

	image_status(run->image, &s);
	c.requests = s.requests;
	c.asked_bytes = run->readers.asked_bytes;
	for (i = 0; i < run->trial->origin_count; i++) {
		counts = hostile_origin_counts(run->origins[i]);
		c.connections += counts.connections;
		c.spoilt += counts.spoilt;
		c.faults += counts.faults;
		c.asked += counts.asked;
		c.hasty += counts.hasty;
		c.in_flight += counts.in_flight;
		c.bytes += counts.sent_bytes;
		c.profile_asked += counts.actors.profile_asked;
		c.profile_hasty += counts.actors.profile_hasty;
		c.redirects += counts.actors.redirects;
		c.hops += counts.hops;
		c.torn += counts.torn;
		c.long_pages += counts.long_pages;
		c.expired += counts.actors.expired;
		c.over_limit += counts.actors.over_limit;
	}
	return c;
}

static void judge_costs(struct run *run)
{
	const struct trial *t = run->trial;
	struct costs costs = costs_of(run);
	struct costs_task task = {
		.image_bytes = t->image->size_bytes, .origins = t->origin_count + (t->dead != DEAD_NONE),
		.connections = run->options.http.connections, .small_cache = run->options.cache_kind == CACHE_BYTES && run->options.cache_value < t->image->size_bytes,
		.kept = t->is_kept, .tls = has_tls(t),
	};

	run->failures += costs_judge(&costs, &task);
	if (t->verbose)
		costs_print(&costs, &task);
}

/* What is needed to find out why, if it does not come again with the seed. */
static void explain(struct run *run)
{
	struct status s;
	char *json;

	image_status(run->image, &s);
	json = status_to_json(&s);
	trial_describe(run->trial);
	if (run->record != stderr)
		record_print_end(run->record);
	fprintf(stderr, "%8.3f %s", stamp_s(), json ? json : "");
	free(json);
}

static void finish(struct run *run)
{
	if (run->trial->end == TRIAL_KILL) {
		judge_costs(run);
		_exit(run->failures || run->readers.failures);
	}
	if (run->trial->end == TRIAL_ABANDON) {
		run->readers.abandon = true;
	} else if (!run->failures) {
		heal(run);
		demand_progress(run);
	}
	if (run->failures) {
		explain(run);
		run->readers.abandon = true;
	}
	end_readers(run);
	if (run->trial->end == TRIAL_HEAL && !run->failures && !run->readers.failures)
		readers_check_all(&run->readers);
}

/* Blocks of the tree that are wrong at every origin, and the data that they cover. */
static void set_sick(struct run *run)
{
	const struct nature *n = &run->trial->origin[0].nature;
	uint64_t place = n->sick_block - run->trial->image->tree_block, covered = VERITY_FANOUT * VERITY_BLOCK_SIZE;

	if (!n->sick_blocks)
		return;
	run->readers.sick[0].from = n->sick_block * VERITY_BLOCK_SIZE;
	run->readers.sick[0].to = (n->sick_block + n->sick_blocks) * VERITY_BLOCK_SIZE;
	run->readers.sick[1].from = place * covered;
	run->readers.sick[1].to = (place + n->sick_blocks) * covered;
	run->readers.is_sick = true;
}

int trial_run(const struct trial *t)
{
	struct run run = { .trial = t };
	bool explained;
	unsigned i;

	run.log_limiter = (struct log_limiter)LOG_LIMITER_INIT;
	run.log = (struct log){ .write = log_write, .ctx = &run, .limiter = &run.log_limiter };
	run.record = t->verbose ? stderr : record_new();
	run.began_ms = clock_ms();
	run.began_bytes = costs_peak_bytes();
	start_origins(&run);
	set_options(&run);
	if (costs_start_engine(&run.options, &run.log, &run.image)) {
		fprintf(stderr, "FAIL: the engine does not start\n");
		return 1;
	}
	if (export_new(run.image, &run.options, &run.log, &run.export))
		abort();
	run.readers.image = run.export;
	run.readers.truth = t->image;
	run.readers.count = t->reader_count;
	run.readers.reach_bytes = t->reach_bytes;
	run.readers.impatient = t->impatient;
	set_sick(&run);
	readers_start(&run.readers, t->seed);
	hostile_phase(&run);
	finish(&run);
	explained = run.failures;
	judge_costs(&run);
	if ((run.failures || run.readers.failures) && !explained)
		explain(&run);
	image_free(run.image);
	export_free(run.export);
	for (i = 0; i < t->origin_count; i++) {
		relay_free(run.relays[i]);
		hostile_origin_free(run.origins[i]);
	}
	if (t->dead)
		dead_origin_end(&run.dead);
	options_free(&run.options);
	if (!t->verbose)
		fclose(run.record);
	return run.failures || run.readers.failures;
}
