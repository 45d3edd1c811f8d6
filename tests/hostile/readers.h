/* SPDX-License-Identifier: MIT
 * Copyright (c) 2026 The rpi-rescue-netboot authors
 *
 * Threads that read an image at random places and compare each byte with the correct
 * image.
 */
#ifndef FARROOT_TEST_READERS_H
#define FARROOT_TEST_READERS_H

#include <pthread.h>
#include <stdbool.h>
#include <stdint.h>

#include "image-builder.h"
#include "engine/export/export.h"

#define READERS_MAX 8

struct readers;

struct reader {
	struct readers *all;
	pthread_t thread;
	uint64_t seed;
	/* For the watching thread. */
	_Atomic uint64_t began_ms;	/* of the read in flight; 0: none */
	_Atomic uint64_t finished;	/* reads that gave bytes */
	_Atomic uint64_t last_began_ms;	/* of the last of these */
	_Atomic bool ended;
};

struct readers {
	struct export *image;
	const struct built_image *truth;
	unsigned count;
	_Atomic uint64_t reach_bytes;	/* they read only this much of the begin; 0: all */
	struct { uint64_t from, to; } sick[2];	/* bytes of the image that are not read while is_sick */
	_Atomic bool is_sick;
	bool impatient;			/* some reads give up after a while */
	_Atomic bool stop;		/* after the read in flight */
	_Atomic bool abandon;		/* the read in flight too */
	_Atomic uint64_t asked_bytes;	/* of whole blocks of the image, by all reads */
	_Atomic unsigned failures;	/* wrong bytes or an error, printed on stderr */
	struct reader reader[READERS_MAX];
};

void readers_start(struct readers *readers, uint64_t seed);

/* Whether each has finished a read that began at since_ms or later. */
bool readers_all_since(const struct readers *readers, uint64_t since_ms);

/* Milliseconds for which the longest read has been in flight. */
uint64_t readers_longest_ms(const struct readers *readers);

/* Whether all have ended, after stop or abandon. */
bool readers_ended(const struct readers *readers);
void readers_join(struct readers *readers);

/* Reads the whole image once, in order, and compares; adds to failures. */
void readers_check_all(struct readers *readers);

#endif
