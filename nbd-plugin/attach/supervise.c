/* SPDX-License-Identifier: MIT
 * Copyright (c) 2026 The rpi-rescue-netboot authors
 */
#include "config.h"

#include <errno.h>
#include <fcntl.h>
#include <poll.h>
#include <signal.h>
#include <string.h>
#include <sys/file.h>
#include <sys/syscall.h>
#include <sys/wait.h>
#include <unistd.h>

#include "attach/multipath-table.h"
#include "attach/nbd-server.h"
#include "attach/server-status.h"
#include "attach/supervise-internal.h"
#include "common/clock.h"

#define LOCK_FILE NBD_SERVER_FOLDER "/supervisor.lock"
#define TICK_MS 1000
/* After this time of service the next fault is the first of a row again. */
#define WELL_MS 2000
#define STARTS_MAX 3
/* A pivot that fails again and again is given up: the device works without it. */
#define PIVOTS_MAX 3

static volatile sig_atomic_t is_stopping;

void supervise_stop(int signal)
{
	(void)signal;
	is_stopping = 1;
}

bool supervise_is_stopping(void)
{
	return is_stopping;
}

/* Looking */

static void look_at_device(struct supervisor *s, struct sight *sight)
{
	struct multipath_path path = { .nbd = -1, .loop = -1, .mapped = -1 };
	struct dm_state state;
	char text[1024];

	sight->path = -1;
	s->sectors = 0;
	s->is_foreign = false;
	if (!s->settings->has_multipath || dm_get_state(&s->dm, &state))
		return;
	sight->has_table = state.has_table;
	sight->has_inactive_table = state.has_inactive_table;
	sight->is_suspended = state.is_suspended;
	s->sectors = state.sectors;
	if (!state.has_table)
		return;
	sight->queues = dm_get_table(&s->dm, text, sizeof text) || multipath_queues(text);
	s->is_foreign = dm_get_status(&s->dm, text, sizeof text) || multipath_parse_status(text, state.major, &path) ||
			path.nbd >= SUPERVISOR_DEVICES;
	sight->path = path.nbd;
	sight->path_failed = path.is_failed;
	sight->is_pivoted = path.loop >= 0 || path.mapped >= 0;
	sight->may_pivot = s->is_complete && s->pivot_failures < PIVOTS_MAX;
}

static void look(struct supervisor *s, struct sight *sight)
{
	struct line *line;
	int n;

	memset(sight, 0, sizeof *sight);
	look_at_device(s, sight);
	for (n = 0; n < SUPERVISOR_DEVICES; n++) {
		line = &s->lines[n];
		if (nbd_server_find(n) != line->pid) {
			supervise_forget_line(line);
			line->pidfd = nbd_server_watch(n, &line->pid);
		}
		sight->is_alive[n] = line->pid != 0;
		sight->is_attached[n] = supervise_is_attached(s, n);
		sight->answer[n] = line->answer;
	}
}

/* Waiting */

/* A server that opens the image may need as long as an outage, but it listens soon, and greets. */
static bool is_opening_well(struct line *line, const char *path)
{
	line->opening_s++;
	if (line->answer == ANSWER_NONE)
		return line->opening_s < SUPERVISOR_STUCK_S;
	return line->answer != ANSWER_OPENING || line->opening_s % SUPERVISOR_SILENT_S || heartbeat_greets(path);
}

static void tick(struct supervisor *s, const struct sight *sight)
{
	char path[NBD_SERVER_PATH_BYTES];
	struct line *line;
	int n;

	s->next_tick_ms = clock_ms() + TICK_MS;
	for (n = 0; n < SUPERVISOR_DEVICES; n++) {
		line = &s->lines[n];
		nbd_server_socket(n, path);
		if (sight->path == n && sight->is_alive[n] && heartbeat_tick(&line->heart, path))
			line->answer = ANSWER_SILENT;
		if (sight->path != n && sight->is_alive[n] && !is_opening_well(line, path))
			line->answer = ANSWER_SILENT;
	}
	if (!supervisor_is_serving(sight))
		return;
	if (clock_ms() >= s->attached_ms + WELL_MS)
		s->failures = 0;
	/* Not a server that may be stopped. */
	if (s->settings->pivots && !s->is_complete && !s->lines[sight->path].heart.silent_s)
		s->is_complete = server_status_is_complete(s->settings->status_socket);
}

static int sleep_ms(const struct supervisor *s)
{
	uint64_t now = clock_ms(), until = s->next_tick_ms;

	if (s->not_before_ms > now && s->not_before_ms < until)
		until = s->not_before_ms;
	if (s->start_not_before_ms > now && s->start_not_before_ms < until)
		until = s->start_not_before_ms;
	return until > now ? (int)(until - now) : 0;
}

/* Until a process ends, an answer comes, or a second is over. */
static void wait_for_something(struct supervisor *s, const struct sight *sight)
{
	struct pollfd fds[1 + 3 * SUPERVISOR_DEVICES];
	struct line *line;
	int n, count = 1;

	fds[0] = (struct pollfd){ .fd = s->guard, .events = POLLIN };
	for (n = 0; n < SUPERVISOR_DEVICES; n++) {
		line = &s->lines[n];
		fds[count++] = (struct pollfd){ .fd = line->pidfd, .events = POLLIN };
		fds[count++] = (struct pollfd){ .fd = line->answer == ANSWER_OPENING ? line->socket : -1, .events = POLLIN };
		fds[count++] = (struct pollfd){ .fd = line->heart.fd, .events = POLLIN };
	}
	if (poll(fds, (nfds_t)count, sleep_ms(s)) > 0)
		for (n = 0; n < SUPERVISOR_DEVICES; n++) {
			line = &s->lines[n];
			if (fds[2 + 3 * n].revents)
				supervise_take_reply(s, line);
			if (fds[3 + 3 * n].revents)
				heartbeat_receive(&line->heart);
		}
	/* Servers and the children of a dead supervisor. */
	while (waitpid(-1, NULL, WNOHANG) > 0)
		continue;
	if (clock_ms() >= s->next_tick_ms)
		tick(s, sight);
}

/* The start and the end */

/* The lock is held by this process, and by children until they execute or end. */
static int take_lock(struct supervisor *s, bool is_first)
{
	s->lock = open(LOCK_FILE, O_RDWR | O_CREAT | O_CLOEXEC, 0600);
	if (s->lock < 0) {
		log_say(&s->settings->log, LOG_WARN, LOCK_FILE " in the sandbox: %s", strerror(errno));
		return -1;
	}
	while (flock(s->lock, LOCK_EX | (is_first ? LOCK_NB : 0)) < 0) {
		if (errno == EINTR)
			continue;
		log_say(&s->settings->log, LOG_WARN, "another supervisor works in this sandbox; end it first, by SIGTERM to its guard");
		return -1;
	}
	return 0;
}

static void let_go(struct supervisor *s)
{
	int n;

	for (n = 0; n < SUPERVISOR_DEVICES; n++)
		supervise_forget_line(&s->lines[n]);
	if (s->lock >= 0)
		close(s->lock);
	if (s->guard >= 0)
		close(s->guard);
}

static void announce(const struct supervisor *s, const struct supervisor_step *step)
{
	if (step->action == SUPERVISE_KILL && step->why)
		log_say(&s->settings->log, LOG_WARN, "nbdkit of /dev/nbd%d is replaced: %s", step->n, step->why);
	else if (step->action == SUPERVISE_START && s->is_ready)
		log_say(&s->settings->log, LOG_WARN, "there is no nbdkit: starting one for /dev/nbd%d; reads wait", step->n);
	else if (step->why && step->n < 0)
		log_say(&s->settings->log, LOG_WARN, "/dev/mapper/%s: %s; mended", s->dm.name, step->why);
}

/* Before there is a device, nothing waits, and a wrong parameter never gets right. */
static bool is_hopeless(const struct supervisor *s)
{
	return !s->sectors && s->failures >= STARTS_MAX;
}

static bool must_pause(const struct supervisor *s, enum supervisor_action action)
{
	uint64_t now = clock_ms();

	switch (action) {
	case SUPERVISE_START:
		return now < s->start_not_before_ms;
	case SUPERVISE_OPEN:
	case SUPERVISE_ATTACH:
	case SUPERVISE_DETACH:
	case SUPERVISE_PIVOT:
		return now < s->not_before_ms;
	default:
		return false;
	}
}

/* Without multipath: nothing recovers the device, so whatever happens, it is left as it is. */
static enum supervise_end hold(struct supervisor *s)
{
	struct pollfd guard = { .fd = s->guard, .events = POLLIN };

	while (!is_stopping) {
		if (poll(&guard, 1, TICK_MS) > 0)
			return SUPERVISE_NO_GUARD;
		while (waitpid(-1, NULL, WNOHANG) > 0)
			continue;
	}
	supervise_take_down(s);
	return SUPERVISE_STOPPED;
}

/* Returns whether this supervisor can do nothing more, after a message. */
static bool must_give_up(const struct supervisor *s, const struct supervisor_step *step)
{
	if (s->is_foreign)
		log_say(&s->settings->log, LOG_WARN,
			"/dev/mapper/%s has a table that is not the supervisor's; it is left as it is", s->dm.name);
	else if (step->action == SUPERVISE_START && is_hopeless(s))
		log_say(&s->settings->log, LOG_WARN,
			"nbdkit has ended %d times before it served; /nbdkit.log in the sandbox says why", STARTS_MAX);
	else
		return false;
	return true;
}

static enum supervise_end run(struct supervisor *s)
{
	struct pollfd guard = { .fd = s->guard, .events = POLLIN };
	struct supervisor_step step;
	struct sight sight;

	while (!is_stopping) {
		if (poll(&guard, 1, 0) > 0)
			return SUPERVISE_NO_GUARD;
		look(s, &sight);
		step = supervisor_decide(&sight);
		if (must_give_up(s, &step))
			return SUPERVISE_FAILED;
		if (step.action == SUPERVISE_FINISH) {
			log_say(&s->settings->log, LOG_NOTE, "/dev/mapper/%s needs no server any more: nbdkit and its supervisor have ended",
				s->dm.name);
			return SUPERVISE_PIVOTED;
		}
		if (supervisor_is_serving(&sight) || sight.is_pivoted)
			supervise_tell_ready(s, "/dev/mapper/", s->dm.name);
		if (step.action == SUPERVISE_WAIT || must_pause(s, step.action)) {
			wait_for_something(s, &sight);
			continue;
		}
		if (step.action == SUPERVISE_ATTACH && !s->settings->has_multipath)
			return supervise_attach_alone(s) ? SUPERVISE_FAILED : hold(s);
		announce(s, &step);
		supervise_act(s, &step);
	}
	supervise_take_down(s);
	return SUPERVISE_STOPPED;
}

enum supervise_end supervise(const struct supervise_settings *settings, bool is_first, pid_t guard)
{
	struct supervisor s = {
		.settings = settings,
		.dm = { settings->dm_control, settings->name },
		.lock = -1,
	};
	enum supervise_end end = SUPERVISE_FAILED;
	int n;

	for (n = 0; n < SUPERVISOR_DEVICES; n++) {
		s.lines[n].pidfd = s.lines[n].socket = -1;
		heartbeat_init(&s.lines[n].heart);
	}
	s.guard = (int)syscall(SYS_pidfd_open, guard, 0);
	if (s.guard < 0 || getppid() != guard)
		end = SUPERVISE_NO_GUARD;
	else if (take_lock(&s, is_first) == 0)
		end = !is_first && !settings->has_multipath && supervise_is_attached(&s, 0) ? hold(&s) : run(&s);
	let_go(&s);
	return end;
}
