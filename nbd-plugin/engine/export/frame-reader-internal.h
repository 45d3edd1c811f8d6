/* SPDX-License-Identifier: MIT
 * Copyright (c) 2026 The rpi-rescue-netboot authors
 *
 * What frame-reader.c and frame-workers.c share.
 */
#ifndef FARROOT_FRAME_READER_INTERNAL_H
#define FARROOT_FRAME_READER_INTERNAL_H

#include <pthread.h>
#include <stdbool.h>

#include "engine/export/frame-cache.h"
#include "engine/export/frame-reader.h"
#include "engine/format/frame-decoder.h"

/* The frames that a read waits for at once; a read of more frames goes on when these are done. */
#define FRAME_PARTS 32U

/* A frame that a read waits for. */
struct frame_part {
	struct frame_part *next;	/* that waits for the same frame */
	struct frame_read *read;
	struct frame *frame;		/* NULL: does not wait (any more) */
};

struct frame_read {
	struct frame_reader *reader;
	uint8_t *buf;
	uint64_t offset, end;		/* of the whole read */
	uint64_t at, until;		/* of the parts below */
	_Atomic unsigned left;		/* parts that are not done, and 1 while they are begun */
	_Atomic int result;
	bool is_cancelled;		/* under the lock, as the parts */
	unsigned cancelled_parts;
	struct frame_read *next_cancelled;
	void (*done)(void *ctx, int result);
	void *ctx;
	struct frame_part parts[FRAME_PARTS];
};

struct frame_reader {
	struct seek_table table;	/* does not change */
	struct frame_source source;
	const struct log *log;
	pthread_t workers[FRAME_WORKERS_MAX];
	unsigned worker_count;

	pthread_mutex_t lock;		/* guards what follows */
	pthread_cond_t work;
	struct frame_cache cache;
	struct frame *jobs, **last_job;
	struct frame_read *cancelled;	/* to be ended */
	struct frame_decoder *decoders[FRAME_WORKERS_MAX];	/* not in use */
	unsigned decoder_count;
	bool ends;
};

/* Queues a job; the lock is held. */
void frame_workers_add(struct frame_reader *r, struct frame *frame);
/* Does one job, or returns false if there is none. */
bool frame_workers_help(struct frame_reader *r);
/* Returns 0 or -errno. */
int frame_workers_start(struct frame_reader *r);
/* Does all jobs that are left. */
void frame_workers_end(struct frame_reader *r);

/* A part of the read has come to its end: 0 or an error. */
void frame_read_part_done(struct frame_read *read, int result);
/* Copies what the read wants of a frame that is cached and held. */
void frame_read_copy(struct frame_read *read, const struct frame *frame);

#endif
