/* SPDX-License-Identifier: MIT
 * Copyright (c) 2026 The rpi-rescue-netboot authors
 */
#include "config.h"

#include <stddef.h>

#include "attach/supervisor.h"
#include "common/backoff.h"

#define PAUSE_FIRST_MS 100
#define PAUSE_MAX_MS 5000

static struct supervisor_step step(enum supervisor_action action, int n, const char *why)
{
	return (struct supervisor_step){ action, n, why };
}

bool supervisor_is_serving(const struct sight *s)
{
	return s->has_table && s->path >= 0 && !s->path_failed && s->is_attached[s->path] &&
	       s->is_alive[s->path] && s->answer[s->path] != ANSWER_SILENT;
}

/* Ends the server and the connection of nbd device n; SUPERVISE_WAIT if both have ended. */
static struct supervisor_step clear_away(const struct sight *s, int n, const char *why)
{
	/* The server first: the kernel waits for nothing that a dead one has. */
	if (s->is_alive[n])
		return step(SUPERVISE_KILL, n, why);
	if (s->is_attached[n])
		return step(SUPERVISE_DETACH, n, NULL);
	return step(SUPERVISE_WAIT, -1, NULL);
}

/* Nothing is read from a server any more. */
static struct supervisor_step after_pivot(const struct sight *s)
{
	struct supervisor_step first = clear_away(s, 0, NULL);

	if (first.action == SUPERVISE_WAIT)
		first = clear_away(s, 1, NULL);
	return first.action == SUPERVISE_WAIT ? step(SUPERVISE_FINISH, -1, NULL) : first;
}

static const char *what_is_wrong(const struct sight *s, int n)
{
	if (s->answer[n] == ANSWER_SILENT)
		return "it does not answer";
	if (s->path == n && s->path_failed)
		return "a read failed";
	return "its connection has ended";
}

/* The nbd device to attach next: one that multipath does not hold. */
static int choose_next(const struct sight *s)
{
	if (s->has_table && s->path >= 0)
		return 1 - s->path;
	return s->is_alive[1] && !s->is_alive[0];
}

static struct supervisor_step decide_next(const struct sight *s, int n)
{
	/* Attached, but not in the table: an interrupted ATTACH. */
	if (s->is_attached[n])
		return step(SUPERVISE_DETACH, n, NULL);
	if (!s->is_alive[n])
		return step(SUPERVISE_START, n, "no server");
	switch (s->answer[n]) {
	case ANSWER_NONE:
		return step(SUPERVISE_OPEN, n, NULL);
	case ANSWER_OPENING:
		return step(SUPERVISE_WAIT, -1, NULL);
	case ANSWER_OPEN:
		return step(SUPERVISE_ATTACH, n, NULL);
	case ANSWER_SILENT:
		break;
	}
	return step(SUPERVISE_KILL, n, what_is_wrong(s, n));
}

struct supervisor_step supervisor_decide(const struct sight *s)
{
	struct supervisor_step first;
	int next;

	/* What an interrupted supervisor, or a person, has left. */
	if (s->has_inactive_table)
		return step(SUPERVISE_CLEAR, -1, NULL);
	if (s->has_table && s->is_suspended)
		return step(SUPERVISE_RESUME, -1, "the device is suspended");
	if (s->has_table && !s->queues)
		return step(SUPERVISE_QUEUE, -1, "reads without a path would fail");

	if (s->is_pivoted)
		return after_pivot(s);

	next = choose_next(s);
	if (supervisor_is_serving(s)) {
		first = clear_away(s, next, "another one serves");
		return first.action == SUPERVISE_WAIT && s->may_pivot ? step(SUPERVISE_PIVOT, s->path, NULL) : first;
	}
	first = clear_away(s, 1 - next, what_is_wrong(s, 1 - next));
	if (first.action != SUPERVISE_WAIT)
		return first;
	/* All is here: no other server is needed. */
	if (s->may_pivot && s->path >= 0) {
		first = clear_away(s, next, what_is_wrong(s, next));
		return first.action != SUPERVISE_WAIT ? first : step(SUPERVISE_PIVOT, s->path, NULL);
	}
	return decide_next(s, next);
}

bool supervisor_is_silent(unsigned silent_s, bool was_answered, bool greets)
{
	if (silent_s >= SUPERVISOR_SILENT_S && !greets)
		return true;
	/* It may be a bounded store that has lost the block, in an outage; once. */
	return silent_s >= SUPERVISOR_STUCK_S && was_answered;
}

unsigned supervisor_pause_ms(unsigned failures)
{
	return failures ? (unsigned)backoff_ms(PAUSE_FIRST_MS, PAUSE_MAX_MS, failures - 1) : 0;
}
