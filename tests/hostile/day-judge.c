/* SPDX-License-Identifier: MIT
 * Copyright (c) 2026 The rpi-rescue-netboot authors
 */
#include "config.h"

#include <inttypes.h>
#include <stdio.h>

#include "../slack.h"
#include "common/profile.h"
#include "day-judge.h"

#define MINUTE_MS 60000ULL
#define HOUR_MS (60 * MINUTE_MS)

/* The promise for the log; the first minute is that after the first line. */
#define LINES_FIRST_MINUTE 20
#define LINES_PER_HOUR 10

/* In the first minute, for each origin, beside what the image needs. */
#define REQUESTS_FIRST_MINUTE 60
/* One that is not found is tried after 0.5 s and 1/64 of the outage, less a part left to chance. */
#define REQUESTS_FIRST_MINUTE_LOST 120
#define BYTES_FIRST_MINUTE (5U << 20)
#define REQUEST_BYTES 16384
/* In each hour after the first, for each origin: retry-max=10, of which up to a half is left to chance,
 * is 480 requests.
 */
#define REQUESTS_PER_HOUR 600
/* A request for a block, with what is read of the body of an error. */
#define ERROR_BYTES (24U << 10)
/* Wrong bytes of the right form: a block of each MiB and one of the tree every 10 min; but while the
 * image is not open, size and top are asked for every 10 s, and after 16 min every 30 s.
 */
#define CORRUPT_REQUESTS_PER_HOUR 700
#define CORRUPT_BYTES_PER_HOUR (7U << 20)
/* What a read may need, if the cache does not keep what was read before. */
#define REQUESTS_PER_READ 6
#define BYTES_PER_READ (256U << 10)

/* One request may be early for each 8 times that Retry-After was sent. */
#define ASKED_PER_HASTY 8
#define CONNECTIONS_BESIDE_REQUESTS 10
#define MEMORY_BYTES (28U << 20)
#define CPU_MS_PER_HOUR 2000

/* A read that an origin could serve all the time, and the number of them in an hour, of 60. */
#define READ_MS 35000
#define READS_PER_HOUR 55
/* Until all is well after the end: 10 s after 20 s of silence; a wrong block is asked for again
 * after 30 s.
 */
#define HEALED_MS 35000

static unsigned check(const char *what, unsigned hour, uint64_t value, uint64_t most)
{
	if (value <= most)
		return 0;
	fprintf(stderr, "FAIL: too many %s in hour %u: %" PRIu64 ", at most %" PRIu64 "\n", what, hour, value, most);
	return 1;
}

static bool is_corrupt(const struct day *d)
{
	unsigned k;

	for (k = 0; k < HOSTILE_KINDS; k++)
		if (d->kinds >> k & 1 && hostile_kind_corrupts(k))
			return true;
	return d->nature.stale_percent || d->nature.sick_blocks;
}

static bool corrupts_only(const struct day *d)
{
	return is_corrupt(d) && d->kinds != HOSTILE_ALL;
}

static unsigned origins(const struct day *d)
{
	return 1 + d->beside_good;
}

/* The lines from one on, within a time. */
static unsigned lines_in(const struct day_result *r, unsigned from, uint64_t ms)
{
	unsigned n = 0;

	while (from + n < r->lines && from + n < DAY_LINES && r->line_ms[from + n] - r->line_ms[from] < ms)
		n++;
	return n;
}

static unsigned judge_log(const struct day_result *r)
{
	unsigned i, n, most = 0, first = 0, at = 0;

	for (i = 0; i < r->lines && i < DAY_LINES; i++) {
		if (r->line_ms[i] < r->line_ms[0] + MINUTE_MS) {
			first++;
			continue;
		}
		n = lines_in(r, i, HOUR_MS);
		if (n > most) {
			most = n;
			at = i;
		}
	}
	return check("lines of log in the first minute", 0, first, LINES_FIRST_MINUTE) +
	       check("lines of log in an hour", most ? (unsigned)(r->line_ms[at] / HOUR_MS) : 0, most, LINES_PER_HOUR);
}

/* Whether nothing answers in the end. */
static bool is_lost(const struct day *d)
{
	return d->dead || d->kinds == HOSTILE_BIT(HOSTILE_REDIRECT_NOWHERE) || d->kinds == HOSTILE_BIT(HOSTILE_REFUSE);
}

/* A try is two requests if it is redirected; and while an origin answers no request at all, the profile
 * is asked for with the image.
 */
static unsigned requests_per_try(const struct day *d)
{
	return is_lost(d) || (d->kinds & (HOSTILE_REDIRECTS | HOSTILE_ANY_REQUEST)) ? 2 : 1;
}

static unsigned judge_beginning(const struct day *d, const struct day_result *r)
{
	uint64_t size = d->is_read_anew ? BYTES_PER_READ : r->image_bytes;

	return check("requests in the first minute", 0, r->minute.requests,
		     requests_per_try(d) * (size / REQUEST_BYTES + origins(d) * REQUESTS_FIRST_MINUTE +
					    (is_lost(d) ? REQUESTS_FIRST_MINUTE_LOST : 0))) +
	       check("bytes in the first minute", 0, r->minute.bytes,
		     size * 5 / 4 + PROFILE_MAX_BYTES + origins(d) * BYTES_FIRST_MINUTE);
}

static unsigned judge_hour(const struct day *d, const struct day_result *r, unsigned hour)
{
	const struct day_cost *c = &r->hour[hour];
	uint64_t requests = REQUESTS_PER_HOUR * requests_per_try(d), bytes;
	uint64_t reads = d->is_read_anew ? c->reads : 0;

	bytes = requests * ERROR_BYTES;
	if (corrupts_only(d)) {
		requests = origins(d) * CORRUPT_REQUESTS_PER_HOUR;
		bytes = CORRUPT_BYTES_PER_HOUR;
	}
	return check("requests", hour, c->requests, requests + reads * REQUESTS_PER_READ) +
	       check("bytes", hour, c->bytes, bytes + reads * BYTES_PER_READ) +
	       check("connections", hour, c->connections, c->requests + CONNECTIONS_BESIDE_REQUESTS) +
	       check("ms of CPU", hour, c->cpu_ms, slack(CPU_MS_PER_HOUR));
}

static unsigned judge_reads(const struct day *d, const struct day_result *r)
{
	unsigned failures = r->failures, hour;

	if (d->beside_good || d->serves) {
		failures += check("ms for a read that an origin could serve", 0, r->longest_read_ms, READ_MS);
		for (hour = 0; hour < d->hours; hour++)
			failures += check("minutes without a read", hour, r->hour[hour].reads < 60 ?
					  60 - r->hour[hour].reads : 0, 60 - READS_PER_HOUR);
	}
	if (!d->dead)
		failures += check("ms until all is well after the end", d->hours, r->healed_ms,
				  HEALED_MS);
	return failures + check("requests before Retry-After", d->hours, r->hasty, r->asked / ASKED_PER_HASTY);
}

unsigned day_judge(const struct day *d, const struct day_result *r)
{
	unsigned failures = judge_log(r) + judge_beginning(d, r) + judge_reads(d, r), hour;

	for (hour = 1; hour < d->hours; hour++)
		failures += judge_hour(d, r, hour);
	return failures + check("bytes of memory", d->hours, r->memory_bytes, r->image_bytes + MEMORY_BYTES);
}

static void print_cost(const struct day_cost *c)
{
	printf(" %5" PRIu64 " %7" PRIu64 " %5" PRIu64, c->requests, c->bytes >> 10, c->connections);
}

void day_print(const struct day *d, const struct day_result *r)
{
	const struct day_cost *last = &r->hour[d->hours - 1];

	print_cost(&r->minute);
	print_cost(&r->hour[0]);
	print_cost(last);
	printf("  %4" PRIu64 " ms %3" PRIu64 " reads %6" PRIu64 " ms healed %7" PRIu64 " ms %5" PRIu64 " KiB %2u lines  %s%s\n",
	       last->cpu_ms, last->reads, r->longest_read_ms, r->healed_ms, r->memory_bytes >> 10, r->lines, d->name,
	       d->beside_good ? ", beside a good origin" : "");
}
