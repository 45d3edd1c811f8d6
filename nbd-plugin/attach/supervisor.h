/* SPDX-License-Identifier: MIT
 * Copyright (c) 2026 The rpi-rescue-netboot authors
 *
 * What the supervisor of a root file system does next.  It holds no state of its own: it
 * looks (struct sight), decides here, acts, and looks again.  So a supervisor that was
 * killed is replaced by one that looks.
 *
 *   reader ─ /dev/mapper/NAME ─ multipath ─ /dev/nbdN ─ socket ─ nbdkit of nbdN ─ store
 *            a read without a path waits    the kernel           (N = 0, 1 in turn)
 *            here, without a limit          holds this end
 *
 * nbdkit of nbdN holds the lock of nbdN, and dies with nothing but the store left.  There are
 * two nbd devices, because a device that multipath holds cannot get a new connection.
 *
 *                       START next                 it answers           ATTACH next
 *   no server at all ───────────────► OPENING next ─────────► OPEN next ────────────► SERVING
 *          ▲                           │ wait: as long as      │ another image,           │
 *          │                           │ the outage            │ kernel refuses           │ watched by
 *          │   KILL, DETACH next       │ it dies, or does not  │                          │ heartbeats
 *          ├───────────────────────────┴───── answer ──────────┘                          │
 *          │   KILL this, DETACH this: what is in flight fails to multipath, and waits    │
 *          └──────────────────────────────────────────────────────────────────────────────┘
 *              it dies; it does not answer; it answered a read with an error
 *
 * The pivot, if it is wanted: once every block of the image is in the store, PIVOT puts a loop
 * device over the store into the table instead of the nbd device, whose server may have died
 * meanwhile.  Then no server is needed; KILL and DETACH clear away what is left of them, and
 * FINISH ends the supervisor.
 *
 * "next" is the nbd device that multipath does not hold.  ATTACH gives the connection to the
 * kernel, loads a table with that device and swaps it in: the reads that wait go on, and
 * multipath lets go of the old device.  A supervisor that is killed between any two steps
 * leaves what the first lines of supervisor_decide clear away.
 *
 * Any thread may call any function; nothing blocks.
 */
#ifndef FARROOT_SUPERVISOR_H
#define FARROOT_SUPERVISOR_H

#include <stdbool.h>

#define SUPERVISOR_DEVICES 2

enum supervisor_action {
	SUPERVISE_WAIT,		/* until something happens */
	SUPERVISE_CLEAR,	/* drop the inactive table */
	SUPERVISE_RESUME,	/* end a suspension */
	SUPERVISE_QUEUE,	/* let reads without a path wait (again) */
	SUPERVISE_KILL,		/* the server of nbd device n */
	SUPERVISE_DETACH,	/* nbd device n */
	SUPERVISE_START,	/* a server for nbd device n */
	SUPERVISE_OPEN,		/* a connection to the server of nbd device n */
	SUPERVISE_ATTACH,	/* nbd device n, to that connection, and put it into the table */
	SUPERVISE_PIVOT,	/* put a loop device over the store into the table, not nbd device n */
	SUPERVISE_FINISH	/* nothing is left to do */
};

enum server_answer {
	ANSWER_NONE,		/* not asked */
	ANSWER_OPENING,		/* listens; it does not know the image yet */
	ANSWER_OPEN,		/* OPENING is over: the connection can be given to the kernel */
	ANSWER_SILENT		/* does not answer in time, or wrongly */
};

/* What can be seen from outside. */
struct sight {
	/* The multipath device. */
	bool has_table;
	bool has_inactive_table;
	bool is_suspended;
	bool queues;
	int path;		/* the n of its nbd device; -1: none */
	bool path_failed;
	bool is_pivoted;	/* the path is a loop device */
	bool may_pivot;		/* the store is complete, no server was started since, a pivot is wanted */
	/* The nbd devices and the servers of them. */
	bool is_attached[SUPERVISOR_DEVICES];
	bool is_alive[SUPERVISOR_DEVICES];
	/* ANSWER_SILENT: of any server.  ANSWER_OPENING and ANSWER_OPEN: of one that is not
	 * attached.
	 */
	enum server_answer answer[SUPERVISOR_DEVICES];
};

struct supervisor_step {
	enum supervisor_action action;
	int n;			/* nbd device; -1 if the action has none */
	const char *why;	/* for the log: a constant string; NULL: not worth a line */
};

/* Returns the next step. */
struct supervisor_step supervisor_decide(const struct sight *sight);

/* Whether reads are served: a wait is then for a fault only. */
bool supervisor_is_serving(const struct sight *sight);

/* Returns whether a server that does not answer heartbeats must be replaced.
 * silent_s: seconds without an answer, while a question waits.
 * was_answered: this server has answered a heartbeat before, so the block is in the store.
 * greets: it greets a new connection; looked at only after SUPERVISOR_SILENT_S.
 */
bool supervisor_is_silent(unsigned silent_s, bool was_answered, bool greets);
#define SUPERVISOR_SILENT_S 5
#define SUPERVISOR_STUCK_S 30

/* The pause before the server is started again that failed failures times in a row, in ms. */
unsigned supervisor_pause_ms(unsigned failures);

#endif
