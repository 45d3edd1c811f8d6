/* SPDX-License-Identifier: MIT
 * Copyright (c) 2026 The rpi-rescue-netboot authors
 *
 * fault-schedules [--seeds A..B] [--seed N] [--jobs N] [-v]
 *
 * Random images, options, origins and faults, all drawn from a seed; trial.h
 * says what must hold.  Without arguments: the number of seeds of the test.
 */
#include "config.h"

#include <errno.h>
#include <fcntl.h>
#include <getopt.h>
#include <inttypes.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "hostile-faults.h"
#include "prng.h"
#include "trial.h"
#include "engine/verity/verity.h"
#include "workers.h"

#define SEEDS_BY_DEFAULT 1500
#define JOBS 96
/* Longer than a read may wait for what is well. */
#define SICK_MS 4000

struct driver {
	char folder[256];
	bool verbose;
};

static void store_path(const struct driver *d, uint64_t seed, char *out, size_t size)
{
	snprintf(out, size, "%s/store-%" PRIu64, d->folder, seed);
}

static uint64_t draw_kinds(struct prng *r, uint64_t allowed)
{
	uint64_t kinds = 0;
	unsigned n = 1 + (unsigned)prng_below(r, 4);

	if (prng_percent(r, 25))
		return allowed;
	while (n--)
		kinds |= HOSTILE_BIT(1 + prng_below(r, HOSTILE_KINDS - 1));
	return kinds & allowed;
}

static uint64_t allowed_kinds(bool verify_none)
{
	uint64_t kinds = HOSTILE_ALL;
	unsigned k;

	for (k = 0; verify_none && k < HOSTILE_KINDS; k++)
		if (hostile_kind_corrupts(k))
			kinds &= ~HOSTILE_BIT(k);
	return kinds;
}

/* What is between the engine and the origins. */
static void draw_way(struct prng *r, struct trial *t)
{
	unsigned i;

	for (i = 0; i < t->origin_count; i++)
		if (prng_percent(r, 10))
			t->origin[i].delay_ms = 5 + (unsigned)prng_below(r, 60);
	t->by_proxy = t->origin_count == 1 && t->origin[0].delay_ms && prng_percent(r, 30);
	/* More of those that are far, because TLS takes round trips. */
	for (i = 0; i < t->origin_count; i++)
		t->origin[i].tls = !t->by_proxy && prng_percent(r, t->origin[i].delay_ms ? 50 : 12);
	if (prng_percent(r, 12)) {
		t->dead = (enum dead_kind)(1 + prng_below(r, DEAD_KINDS - 1));
		t->dead_is_last = prng_percent(r, 30);
	}
	/* A proxy is for all. */
	if (t->by_proxy)
		t->dead = DEAD_NONE;
}

static void draw_origins(struct prng *r, struct trial *t, bool verify_none)
{
	static const unsigned percents[] = { 5, 20, 50, 90, 100 };
	uint64_t allowed = allowed_kinds(verify_none);
	unsigned i;

	t->origin_count = 1 + (unsigned)prng_below(r, TRIAL_ORIGINS);
	for (i = 0; i < t->origin_count; i++) {
		/* Without faults, more of its nature is met. */
		t->origin[i].kinds = prng_percent(r, 30) ? 0 : draw_kinds(r, allowed);
		t->origin[i].percent = percents[prng_below(r, 5)];
		nature_draw(&t->origin[i].nature, r, !verify_none);
	}
	draw_way(r, t);
	t->one_is_good = t->origin_count > 1 && prng_percent(r, 50);
	if (!t->one_is_good)
		return;
	i = (unsigned)prng_below(r, t->origin_count);
	t->origin[i].kinds = 0;
	t->origin[i].nature.stale_percent = 0;
}

/* What later schedules have, from random numbers of their own: the seeds of before keep the rest. */
static void draw_more(struct trial *t)
{
	struct prng r = prng_of(t->seed, 5);
	unsigned i;

	for (i = 0; i < t->origin_count; i++)
		t->origin[i].slow_name = !t->origin[i].tls && !t->by_proxy && prng_percent(&r, 6);
}

/* A part of the tree is wrong at each origin, which are well otherwise. */
static void draw_sick(struct trial *t, bool verify_none)
{
	struct nature sick = { .profile = PROFILE_REFUSED, .profile_status = 404 };
	uint64_t first = t->image->tree_block, tree_blocks = t->image->tree_blocks;
	/* The first block tells what the image is; nothing of a seekable file can be read without its seek table. */
	const uint64_t needed = t->image->is_seekable ? 3 : 1;
	struct prng r = prng_of(t->seed, 6);
	unsigned i;

	first++;
	tree_blocks = tree_blocks > needed ? tree_blocks - needed : 0;
	if (verify_none || tree_blocks < 2 || !prng_percent(&r, 20))
		return;
	sick.sick_blocks = 1 + prng_below(&r, tree_blocks - 1);
	sick.sick_block = first + prng_below(&r, tree_blocks - sick.sick_blocks + 1);
	for (i = 0; i < t->origin_count; i++) {
		t->origin[i].kinds = 0;
		t->origin[i].delay_ms = 0;
		t->origin[i].nature = sick;
	}
	t->by_proxy = t->one_is_good = false;
	t->dead = DEAD_NONE;
	t->reach_bytes = 0;
	t->hostile_ms = SICK_MS;
}

static void draw_options(struct prng *r, struct trial *t, bool give_size)
{
	static const unsigned connections[] = { 1, 2, 4, 8 };
	bool bounded = prng_percent(r, 30);

	trial_timeouts(t);
	trial_option(t, "connections=%u", connections[prng_below(r, 4)]);
	if (give_size || prng_percent(r, 30))
		trial_option(t, "size=%" PRIu64, t->image->size_bytes);
	if (bounded)
		trial_option(t, "cache=4M");
	bounded = bounded && t->image->size_bytes > 4 << 20;
	if (prng_percent(r, 50)) {
		trial_option(t, "fill=yes");
		t->until_all_here = !bounded;
	} else if (prng_percent(r, 50)) {
		trial_option(t, "fill=no");
	}
}

static void draw_image(struct prng *r, struct built_image *image, bool verify_none, bool pinned)
{
	static const uint64_t most_blocks[] = { 1, 3, 128, 129, 512, 2048 };
	uint64_t blocks = 1 + prng_below(r, most_blocks[prng_below(r, 6)]);
	int err;

	if (verify_none)
		err = image_build_plain(image, blocks * 4096 - prng_below(r, 4096),
					prng_next(r));
	else
		err = image_build(image, blocks, pinned, prng_next(r));
	if (err)
		abort();
}

/* A share of the schedules is about what is compressed in an image. */
static void draw_compression(uint64_t seed, struct built_image *image, bool verify_none, bool pinned)
{
	struct prng r = prng_of(seed, 7);

	if (prng_percent(&r, 25) && image_compress(image, !verify_none, pinned, prng_next(&r)))
		abort();
}

/* Damages a store as a power cut, a bad disk or another program does. */
static void damage_store(struct prng *r, const char *path, uint64_t size)
{
	int fd = open(path, O_RDWR | O_CREAT | O_CLOEXEC, 0600);
	uint8_t garbage[9000];
	unsigned n = (unsigned)prng_below(r, 20);
	size_t i;

	if (fd < 0)
		abort();
	for (i = 0; i < sizeof garbage; i++)
		garbage[i] = (uint8_t)prng_next(r);
	while (n--)
		if (pwrite(fd, garbage, 1 + prng_below(r, sizeof garbage),
			   (off_t)prng_below(r, size)) < 0)
			abort();
	if (prng_percent(r, 30) && ftruncate(fd, (off_t)prng_below(r, 2 * size)))
		abort();
	close(fd);
}

static int run_trial(void *ctx, uint64_t number)
{
	(void)number;
	return trial_run(ctx);
}

/* A few times: hostile, killed or ended, perhaps damaged. */
static int run_killed(struct prng *r, struct trial *t, const char *path)
{
	unsigned hostile_ms = t->hostile_ms, lives = (unsigned)prng_below(r, 3);
	uint64_t seed = t->seed;
	int err = 0;

	if (prng_percent(r, 20))
		damage_store(r, path, t->image->size_bytes);
	while (lives-- && !err) {
		t->end = prng_percent(r, 50) ? TRIAL_KILL : TRIAL_ABANDON;
		t->hostile_ms = (unsigned)prng_below(r, 800);
		t->seed = prng_next(r);
		err = worker_apart(run_trial, t, 0);
		if (prng_percent(r, 50))
			damage_store(r, path, t->image->size_bytes);
	}
	t->seed = seed;
	t->hostile_ms = hostile_ms;
	return err;
}

/* Once more, with the whole image in the store: nothing of it may be fetched again. */
static int run_kept(struct trial *t)
{
	unsigned i;

	for (i = 0; i < t->origin_count; i++) {
		t->origin[i].kinds = 0;
		t->origin[i].nature = (struct nature){ .profile = PROFILE_REFUSED, .profile_status = 404 };
	}
	t->is_kept = true;
	t->hostile_ms = 0;
	return worker_apart(run_trial, t, 0);
}

static int run_seed(void *ctx, uint64_t seed)
{
	const struct driver *d = ctx;
	struct prng r = prng_of(seed, 0);
	struct built_image image;
	struct trial t = { .seed = seed, .image = &image, .verbose = d->verbose };
	bool verify_none = prng_percent(&r, 12), pinned = prng_percent(&r, 70);
	bool store = !verify_none && prng_percent(&r, 35), kept;
	enum trial_end end = prng_percent(&r, 10) ? TRIAL_ABANDON : TRIAL_HEAL;
	char path[300];
	int err = 0;

	draw_image(&r, &image, verify_none, pinned);
	draw_compression(seed, &image, verify_none, pinned);
	draw_origins(&r, &t, verify_none);
	draw_more(&t);
	draw_options(&r, &t, verify_none || !pinned);
	if (verify_none)
		trial_option(&t, "verify=none");
	t.reader_count = 1 + (unsigned)prng_below(&r, 5);
	/* The rest is left to the profile and the fill. */
	if (prng_percent(&r, 30))
		t.reach_bytes = 1 + image.content_bytes / 8;
	t.impatient = prng_percent(&r, 30);
	t.hostile_ms = (unsigned)prng_below(&r, 2500);
	/* Long enough to find a read that waits although an origin is good. */
	if (t.one_is_good && prng_percent(&r, 4))
		t.hostile_ms = (unsigned)trial_limit_ms() + 1500;
	draw_sick(&t, verify_none);
	store_path(d, seed, path, sizeof path);
	if (store)
		trial_option(&t, "store=%s", path);
	if (d->verbose)
		trial_describe(&t);
	if (store)
		err = run_killed(&r, &t, path);
	t.end = end;
	kept = store && end == TRIAL_HEAL && !trial_is_cache_limited(&t);
	/* The threads of a trial may be there for a moment after its end, and no process may be
	 * started beside them.
	 */
	if (!err)
		err = kept ? worker_apart(run_trial, &t, 0) : trial_run(&t);
	if (!err && kept)
		err = run_kept(&t);
	unlink(path);
	built_image_free(&image);
	return err != 0;
}

static void say_failed(void *ctx, uint64_t seed, const char *how)
{
	char path[300];

	store_path(ctx, seed, path, sizeof path);
	unlink(path);
	fprintf(stderr, "FAIL: seed %" PRIu64 ": %s; again with: fault-schedules --seed %" PRIu64 " -v\n",
		seed, how, seed);
}

static int parse(int argc, char **argv, struct driver *d, struct workers *w)
{
	static const struct option longs[] = {
		{ "seeds", required_argument, NULL, 'r' },
		{ "seed", required_argument, NULL, 's' },
		{ "jobs", required_argument, NULL, 'j' },
		{ 0 },
	};
	int c;

	while ((c = getopt_long(argc, argv, "v", longs, NULL)) != -1) {
		switch (c) {
		case 'r':
			if (sscanf(optarg, "%" SCNu64 "..%" SCNu64, &w->first, &w->last) != 2)
				return -EINVAL;
			break;
		case 's': w->first = w->last = strtoull(optarg, NULL, 0); break;
		case 'j': w->at_once = (unsigned)atoi(optarg); break;
		case 'v': d->verbose = true; break;
		default: return -EINVAL;
		}
	}
	return optind == argc && w->at_once && w->first <= w->last ? 0 : -EINVAL;
}

int main(int argc, char **argv)
{
	const char *temporary = getenv("TMPDIR"), *seeds = getenv("FARROOT_TEST_SEEDS");
	struct driver d = { .verbose = false };
	struct workers w = {
		.first = 1, .last = seeds ? strtoull(seeds, NULL, 0) : SEEDS_BY_DEFAULT,
		.at_once = trial_jobs(JOBS), .work = run_seed, .failed = say_failed, .ctx = &d,
	};
	int status;

	if (parse(argc, argv, &d, &w)) {
		fputs("usage: fault-schedules [--seeds A..B] [--seed N] [--jobs N] [-v]\n", stderr);
		return 2;
	}
	/* Every phase has its own limit; this one is for what they don't see. */
	w.limit_s = (unsigned)(trial_limit_ms() * 8 / 1000);
	snprintf(d.folder, sizeof d.folder, "%s/fault-schedules-XXXXXX",
		 temporary ? temporary : "/tmp");
	if (!mkdtemp(d.folder)) {
		perror(d.folder);
		return 1;
	}
	status = workers_main(&w, "seeds");
	rmdir(d.folder);
	return status;
}
