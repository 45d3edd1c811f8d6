/* SPDX-License-Identifier: MIT
 * Copyright (c) 2026 The rpi-rescue-netboot authors
 *
 * What supervise.c (looks and waits) and supervise-act.c (acts) share.  For their one thread.
 */
#ifndef FARROOT_SUPERVISE_INTERNAL_H
#define FARROOT_SUPERVISE_INTERNAL_H

#include <stdbool.h>
#include <stdint.h>
#include <sys/types.h>

#include "attach/dm-device.h"
#include "attach/heartbeat.h"
#include "attach/nbd-handshake.h"
#include "attach/supervise.h"
#include "attach/supervisor.h"

/* What this process knows of nbd device n beside what it sees; all of it can be lost. */
struct line {
	pid_t pid;			/* of the server */
	int pidfd;			/* -1: no server */
	int socket;			/* for the kernel; -1: none */
	enum server_answer answer;
	struct nbd_export export;	/* once ANSWER_OPEN */
	struct heartbeat heart;
	unsigned opening_s;
	bool was_detached;		/* sysfs shows the device as attached until dm lets it go */
};

struct supervisor {
	const struct supervise_settings *settings;
	struct dm_device dm;
	int lock, guard;
	struct line lines[SUPERVISOR_DEVICES];
	uint64_t sectors;		/* of the table; 0: none */
	bool is_foreign;		/* the table is not one of ours */
	bool is_ready;
	bool is_complete;		/* every block of the image is in the store */
	unsigned pivot_failures;
	unsigned failures;		/* starts and faults in a row, without service between them */
	uint64_t not_before_ms;		/* of the next step that can fail */
	uint64_t start_not_before_ms;	/* of the next start */
	uint64_t attached_ms, next_tick_ms;
};

/* Forgets a server: closes what belongs to it. */
void supervise_forget_line(struct line *line);

/* Whether the kernel has a connection for nbd device n, which was not told to end it. */
bool supervise_is_attached(const struct supervisor *s, int n);

/* Takes one step.  A step that fails is logged, and the next one is tried after a pause.
 * Blocks for the kernel, for the death of a server (10 s at most) and for an answer that has
 * begun (5 s at most).
 */
void supervise_act(struct supervisor *s, const struct supervisor_step *step);

/* Takes the end of a handshake when the socket is readable. */
void supervise_take_reply(struct supervisor *s, struct line *line);

/* Says once that the device folder + name can be read. */
void supervise_tell_ready(struct supervisor *s, const char *folder, const char *name);

/* Without multipath, instead of SUPERVISE_ATTACH: attaches /dev/nbd0 for good.  Returns 0 or
 * -errno after a message.
 */
int supervise_attach_alone(struct supervisor *s);

/* Ends the servers and removes the device.  Reads that wait end with an error. */
void supervise_take_down(struct supervisor *s);

#endif
