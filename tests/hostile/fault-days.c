/* SPDX-License-Identifier: MIT
 * Copyright (c) 2026 The rpi-rescue-netboot authors
 *
 * fault-days [--hours N] [--jobs N] [--show] [-v] [SCENE]
 *
 * A day of each kind of misbehaviour, by a clock that jumps; day-judge.c says what it may cost.
 * Without arguments: the number of hours of the test.  --show: what the first minute, the first hour
 * and the last cost (requests, KiB, connections), even if nothing is wrong.
 */
#include "config.h"

#include <errno.h>
#include <getopt.h>
#include <inttypes.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "../slack.h"
#include "day-judge.h"
#include "workers.h"

/* What follows the second hour is like it. */
#define HOURS_BY_DEFAULT 2
#define JOBS 4
#define LIMIT_S 600

struct driver {
	unsigned hours;
	bool verbose, shows;
};

static int run_one(void *ctx, uint64_t number)
{
	const struct driver *d = ctx;
	struct day day = day_scene((unsigned)number);
	static struct day_result result;
	unsigned failures;

	day.hours = d->hours;
	day.verbose = d->verbose;
	day_run(&day, &result);
	failures = day_judge(&day, &result);
	if (failures || d->shows)
		day_print(&day, &result);
	return failures != 0;
}

static void say_failed(void *ctx, uint64_t number, const char *how)
{
	struct day day = day_scene((unsigned)number);

	(void)ctx;
	fprintf(stderr, "FAIL: %s%s: %s; again with: fault-days -v %" PRIu64 "\n", day.name,
		day.beside_good ? ", beside a good origin" : "", how, number);
}

static int parse(int argc, char **argv, struct driver *d, struct workers *w)
{
	static const struct option longs[] = {
		{ "hours", required_argument, NULL, 'h' },
		{ "jobs", required_argument, NULL, 'j' },
		{ "show", no_argument, NULL, 's' },
		{ 0 },
	};
	int c;

	while ((c = getopt_long(argc, argv, "v", longs, NULL)) != -1) {
		switch (c) {
		case 'h': d->hours = (unsigned)atoi(optarg); break;
		case 'j': w->at_once = (unsigned)atoi(optarg); break;
		case 's': d->shows = true; break;
		case 'v': d->verbose = true; break;
		default: return -EINVAL;
		}
	}
	if (optind < argc)
		w->first = w->last = strtoull(argv[optind++], NULL, 10);
	return optind == argc && w->at_once && w->last < day_scenes() && d->hours && d->hours <= DAY_HOURS ? 0 : -EINVAL;
}

int main(int argc, char **argv)
{
	struct driver d = { .hours = HOURS_BY_DEFAULT };
	struct workers w = { .first = 0, .last = day_scenes() - 1, .at_once = JOBS, .work = run_one,
			     .failed = say_failed, .ctx = &d };
	char what[32];

	if (parse(argc, argv, &d, &w)) {
		fputs("usage: fault-days [--hours N] [--jobs N] [--show] [-v] [SCENE]\n", stderr);
		return 2;
	}
	w.limit_s = (unsigned)slack(LIMIT_S);
	snprintf(what, sizeof what, "times %u hours", d.hours);
	return workers_main(&w, what);
}
