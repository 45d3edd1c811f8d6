/* SPDX-License-Identifier: MIT
 * Copyright (c) 2026 The rpi-rescue-netboot authors
 *
 * fault-kinds [KIND]
 *
 * Each kind of fault by itself: an origin that always has the fault, together with a good
 * origin (all data must arrive), and alone until it heals; and an origin that has the fault
 * in half of its responses, so that the fault occurs in every phase of the engine.
 */
#include "config.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "hostile-faults.h"
#include "trial.h"
#include "workers.h"

#define JOBS 24
#define DATA_BLOCKS 200
#define HOSTILE_MS 1500

enum scene { BESIDE_A_GOOD_ONE, BEHIND_A_GOOD_ONE, ALONE, ALONE_AT_TIMES, SCENES };

static const char *const scene_names[] = {
	"before a good origin", "behind a good origin", "alone, then healed",
	"alone, half of the time, then healed",
};

/* A job's number is kind * SCENES + scene. */
static int run_one(void *ctx, uint64_t number)
{
	enum hostile_kind kind = (enum hostile_kind)(number / SCENES);
	enum scene scene = (enum scene)(number % SCENES);
	struct built_image image;
	struct trial t = { .seed = number, .image = &image, .reader_count = 3,
			   .verbose = ctx != NULL, .hostile_ms = HOSTILE_MS };
	unsigned hostile = scene == BEHIND_A_GOOD_ONE;
	bool fill = (kind + scene) & 1;
	int err;

	if (image_build(&image, DATA_BLOCKS, true, number))
		abort();
	t.origin_count = scene >= ALONE ? 1 : 2;
	t.one_is_good = scene < ALONE;
	t.origin[hostile].kinds = HOSTILE_BIT(kind);
	t.origin[hostile].percent = scene == ALONE_AT_TIMES ? 50 : 100;
	trial_timeouts(&t);
	trial_option(&t, "connections=2");
	trial_option(&t, "fill=%s", fill ? "yes" : "no");
	t.until_all_here = fill;
	err = trial_run(&t);
	built_image_free(&image);
	return err;
}

static void say_failed(void *ctx, uint64_t number, const char *how)
{
	(void)ctx;
	fprintf(stderr, "FAIL: %s %s: %s\n", hostile_kind_name((enum hostile_kind)(number / SCENES)),
		scene_names[number % SCENES], how);
}

int main(int argc, char **argv)
{
	struct workers w = { .first = SCENES, .last = HOSTILE_KINDS * SCENES - 1,
			     .at_once = trial_jobs(JOBS), .work = run_one, .failed = say_failed };
	uint64_t kinds;

	w.limit_s = (unsigned)(trial_limit_ms() * 8 / 1000);
	if (argc == 2) {
		if (hostile_kinds_parse(argv[1], &kinds) || !kinds)
			return 2;
		w.first = (uint64_t)__builtin_ctzll(kinds) * SCENES;
		w.last = w.first + SCENES - 1;
		w.at_once = 1;
		w.ctx = argv[1];
	}
	return workers_main(&w, "scenes");
}
