/* SPDX-License-Identifier: MIT
 * Copyright (c) 2026 The rpi-rescue-netboot authors
 *
 * A FUSE mount: a folder with the one read-only file "image".  The only module that uses
 * libfuse3.
 *
 *   kernel ─► session_run ─► content_read: all present ─────────► the answer, at once
 *                                 │ -EAGAIN
 *                                 ▼
 *                        image_pread_start ┄┄► fetch thread ────► the answer, when the
 *                                                                 blocks have come
 *
 * One thread runs the session.  It never waits for an origin, so a read that hits never waits
 * for one that misses, and no number of threads limits how many reads can wait.  The fetch
 * thread answers the others itself, from the callback of image_pread_start: an answer is one
 * copy into the kernel, which does not block, and no thread needs to be woken for it.  A pool
 * of threads that call image_pread would need one thread for each read that waits.
 *
 * The main thread calls all of these.
 */
#ifndef FARROOT_SESSION_H
#define FARROOT_SESSION_H

#include <stdbool.h>

#include "common/log.h"
#include "fuse/content.h"

/* How many reads of the page cache's readahead the kernel lets wait at once; the default of
 * 12 would be used up by 12 readers that miss.  Reads of other kinds are not limited.
 */
#define SESSION_BACKGROUND 1024

/* What session_run has ended for. */
enum session_end {
	SESSION_UNMOUNTED,
	SESSION_READABLE,	/* one of fds has something to read */
	SESSION_FAILED,		/* after logging the reason */
};

struct session;

/* Mounts on folder.  options: a list for libfuse, separated by commas.  for_loop: only a loop
 * device will read.  content and log must outlive the session.  Returns 0 or -1, after a
 * message.
 */
int session_mount(const struct content *content, const char *folder, const char *options,
		  bool for_loop, const struct log *log, struct session **out);

/* Answers the kernel until the file system is unmounted or one of fds (< 0: none) is readable;
 * may be called again then.
 */
enum session_end session_run(struct session *session, const int fds[2]);

/* From now on reads that end get no answer: after a shutdown a client must not see an I/O
 * error.  Call it before image_free, and session_free after it.
 */
void session_stop(struct session *session);

/* Unmounts, also if files are open: their readers get ENOTCONN or ECONNABORTED.  No read may
 * be pending any more.  NULL is fine.
 */
void session_free(struct session *session);

#endif
