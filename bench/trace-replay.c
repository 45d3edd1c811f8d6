/* SPDX-License-Identifier: MIT
 * Copyright (c) 2026 The rpi-rescue-netboot authors
 *
 * Repeats the reads of a boot from any NBD server, with the pauses of the boot:
 *
 *   trace-replay URI TRACE            lines of START_US END_US OFFSET LENGTH
 *   trace-replay URI --random COUNT PAUSE_MS SEED BYTES
 *
 * A read starts when the read that ended last before it in the trace has ended, after the
 * same pause.  So the machine's computing time stays the same, and reads that were
 * concurrent are concurrent again.  --random reads 4 KiB at COUNT different places below
 * BYTES, one at a time.
 *
 * Prints one line per read, in the order of their ends: first or again (whether a block is
 * new in this trace), the time of its start since the beginning and its duration, in us.
 */
#define _GNU_SOURCE

#include <err.h>
#include <inttypes.h>
#include <stdbool.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <time.h>

#include <libnbd.h>

#define BLOCK 4096
#define READ_MAX (32U << 20)

enum state { WAITING, READY, UNDER_WAY, ENDED };

struct read {
	uint64_t start_us, end_us, offset, length;	/* in the trace */
	struct read *after;	/* starts when that read has ended; NULL: at the start */
	uint64_t pause_us;
	bool is_new;
	enum state state;
	uint64_t due_us, began_us;	/* in this replay */
	void *buffer;
};

static struct read *reads;
static size_t count, ended;
static uint64_t zero_us;

static uint64_t now_us(void)
{
	struct timespec t;

	clock_gettime(CLOCK_MONOTONIC, &t);
	return (uint64_t)t.tv_sec * 1000000 + (uint64_t)t.tv_nsec / 1000 - zero_us;
}

static struct read *add_read(void)
{
	static size_t space;

	if (count == space) {
		space = space ? space * 2 : 1024;
		reads = realloc(reads, space * sizeof *reads);
		if (!reads)
			err(1, "memory");
	}
	memset(&reads[count], 0, sizeof *reads);
	return &reads[count++];
}

static void load(const char *path)
{
	FILE *file = fopen(path, "r");
	struct read *r, one;
	char line[256];

	if (!file)
		err(2, "%s", path);
	while (fgets(line, sizeof line, file)) {
		if (line[0] == '#')
			continue;
		if (sscanf(line, "%" SCNu64 " %" SCNu64 " %" SCNu64 " %" SCNu64, &one.start_us,
			   &one.end_us, &one.offset, &one.length) != 4 ||
		    !one.length || one.length > READ_MAX || one.end_us < one.start_us ||
		    (count && one.start_us < reads[count - 1].start_us))
			errx(2, "%s: not a trace: %s", path, line);
		r = add_read();
		r->start_us = one.start_us;
		r->end_us = one.end_us;
		r->offset = one.offset;
		r->length = one.length;
	}
	fclose(file);
	if (!count)
		errx(2, "%s: no reads", path);
}

/* Finds for each read the read that ended last before it; the trace is sorted by start. */
static void find_causes(void)
{
	struct read *r, *before;

	for (r = reads; r < reads + count; r++) {
		for (before = reads; before < r; before++)
			if (before->end_us <= r->start_us && (!r->after || before->end_us > r->after->end_us))
				r->after = before;
		r->pause_us = r->start_us - (r->after ? r->after->end_us : reads[0].start_us);
	}
}

static void find_new(void)
{
	uint64_t block, last = 0;
	struct read *r;
	bool *seen;

	for (r = reads; r < reads + count; r++)
		if ((r->offset + r->length) / BLOCK > last)
			last = (r->offset + r->length) / BLOCK;
	seen = calloc(last + 1, sizeof *seen);
	if (!seen)
		err(1, "memory");
	for (r = reads; r < reads + count; r++)
		for (block = r->offset / BLOCK; block <= (r->offset + r->length - 1) / BLOCK; block++) {
			r->is_new |= !seen[block];
			seen[block] = true;
		}
	free(seen);
}

/* splitmix64 */
static uint64_t draw(uint64_t *seed)
{
	uint64_t z = *seed += 0x9E3779B97F4A7C15ULL;

	z = (z ^ (z >> 30)) * 0xBF58476D1CE4E5B9ULL;
	z = (z ^ (z >> 27)) * 0x94D049BB133111EBULL;
	return z ^ (z >> 31);
}

/* One place in each of COUNT equal parts of the image, so that no two are neighbours, in an
 * order without a pattern.
 */
static void make_random(uint64_t wanted, uint64_t pause_ms, uint64_t seed, uint64_t bytes)
{
	uint64_t i, part = bytes / BLOCK / (wanted ? wanted : 1), other, offset;
	struct read *r;

	if (!wanted || part < 2)
		errx(2, "--random: no room for %" PRIu64 " places", wanted);
	for (i = 0; i < wanted; i++) {
		r = add_read();
		r->offset = (i * part + draw(&seed) % (part - 1)) * BLOCK;
		r->length = BLOCK;
		r->pause_us = pause_ms * 1000;
	}
	for (i = wanted - 1; i; i--) {
		other = draw(&seed) % (i + 1);
		offset = reads[i].offset;
		reads[i].offset = reads[other].offset;
		reads[other].offset = offset;
	}
	for (i = 1; i < wanted; i++)
		reads[i].after = &reads[i - 1];
}

static void release(const struct read *cause)
{
	struct read *r;

	for (r = reads; r < reads + count; r++)
		if (r->after == cause && r->state == WAITING) {
			r->state = READY;
			r->due_us = now_us() + r->pause_us;
		}
}

static int on_end(void *ctx, int *error)
{
	struct read *r = ctx;

	if (*error)
		errx(1, "a read at %" PRIu64 " failed: %s", r->offset, strerror(*error));
	r->state = ENDED;
	ended++;
	free(r->buffer);
	printf("%s %" PRIu64 " %" PRIu64 "\n", r->is_new ? "first" : "again", r->began_us,
	       now_us() - r->began_us);
	release(r);
	return 1;
}

/* Starts the reads that are due.  Returns the milliseconds until the next, or -1. */
static int begin_due(struct nbd_handle *nbd)
{
	uint64_t now = now_us(), next = UINT64_MAX;
	struct read *r;

	for (r = reads; r < reads + count; r++) {
		if (r->state != READY)
			continue;
		if (r->due_us > now) {
			if (r->due_us < next)
				next = r->due_us;
			continue;
		}
		r->state = UNDER_WAY;
		r->began_us = now;
		r->buffer = malloc(r->length);
		if (!r->buffer)
			err(1, "memory");
		if (nbd_aio_pread(nbd, r->buffer, r->length, r->offset,
				  (nbd_completion_callback){ .callback = on_end, .user_data = r }, 0) < 0)
			errx(1, "%s", nbd_get_error());
	}
	return next == UINT64_MAX ? -1 : (int)((next - now + 999) / 1000);
}

int main(int argc, char **argv)
{
	struct nbd_handle *nbd = nbd_create();

	if (argc == 7 && !strcmp(argv[2], "--random")) {
		make_random(strtoull(argv[3], NULL, 10), strtoull(argv[4], NULL, 10),
			    strtoull(argv[5], NULL, 10), strtoull(argv[6], NULL, 10));
	} else if (argc == 3) {
		load(argv[2]);
		find_causes();
	} else {
		errx(2, "usage: trace-replay URI TRACE | URI --random COUNT PAUSE_MS SEED BYTES");
	}
	find_new();
	/* Let the server reject reads that are not a multiple of its blocks. */
	if (!nbd || nbd_set_strict_mode(nbd, 0) < 0 || nbd_connect_uri(nbd, argv[1]) < 0)
		errx(1, "%s", nbd_get_error());
	zero_us = now_us();
	release(NULL);
	while (ended < count)
		if (nbd_poll(nbd, begin_due(nbd)) < 0)
			errx(1, "%s", nbd_get_error());
	nbd_close(nbd);
	return 0;
}
