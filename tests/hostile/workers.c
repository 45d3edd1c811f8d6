/* SPDX-License-Identifier: MIT
 * Copyright (c) 2026 The rpi-rescue-netboot authors
 */
#include "config.h"

#include <inttypes.h>
#include <signal.h>
#include <stdbool.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/prctl.h>
#include <sys/wait.h>
#include <unistd.h>

#include "common/clock.h"
#include "workers.h"

#define AT_ONCE_MAX 256
#define TURN_MS 10
#define LOOK_MS 200
/* Jobs at once on a busy machine. */
#define AT_ONCE_MIN 3

struct slot {
	pid_t pid;		/* 0: free */
	uint64_t number, began_ms;
};

static pid_t fork_one(int (*work)(void *ctx, uint64_t number), void *ctx, uint64_t number)
{
	pid_t pid;

	fflush(NULL);
	pid = fork();
	if (pid)
		return pid;
	prctl(PR_SET_PDEATHSIG, SIGKILL);
	/* exit, not _exit: the leak check runs there. */
	exit(work(ctx, number));
}

static void report(const struct workers *w, uint64_t number, int status)
{
	char how[80];

	if (WIFSIGNALED(status) && WTERMSIG(status) == SIGKILL)
		snprintf(how, sizeof how, "hung for %u s", w->limit_s);
	else if (WIFSIGNALED(status))
		snprintf(how, sizeof how, "crashed: %s", strsignal(WTERMSIG(status)));
	else
		snprintf(how, sizeof how, "exit status %d", WEXITSTATUS(status));
	w->failed(w->ctx, number, how);
}

/* Returns whether the slot's job has ended; adds to *failures. */
static void look_after(const struct workers *w, struct slot *slot, unsigned *failures)
{
	int status;

	if (clock_ms() - slot->began_ms > w->limit_s * 1000ULL)
		kill(slot->pid, SIGKILL);
	if (waitpid(slot->pid, &status, WNOHANG) != slot->pid)
		return;
	slot->pid = 0;
	if (status) {
		++*failures;
		report(w, slot->number, status);
	}
}

/* What the processors have done since the machine started, in ticks. */
struct ticks {
	unsigned long long all, idle;
};

static bool read_ticks(struct ticks *t)
{
	unsigned long long v[8] = { 0 };
	FILE *file = fopen("/proc/stat", "re");
	int n, i;

	if (!file)
		return false;
	n = fscanf(file, "cpu %llu %llu %llu %llu %llu %llu %llu %llu",
		   &v[0], &v[1], &v[2], &v[3], &v[4], &v[5], &v[6], &v[7]);
	fclose(file);
	for (t->all = 0, i = 0; i < 8; i++)
		t->all += v[i];
	/* The fifth is idle, too, while a disk is waited for. */
	t->idle = v[3] + v[4];
	return n >= 5;
}

struct look {
	struct ticks ticks;
	uint64_t at_ms;
	bool has_time;
};

/* Returns whether the processors were idle for a tenth of the last LOOK_MS.  A job that is
 * started on a busy machine waits for a processor instead of for what it tries, and its
 * limits in seconds measure the machine.
 */
static bool machine_has_time(struct look *last)
{
	struct look now = { .at_ms = clock_ms(), .has_time = true };

	if (now.at_ms - last->at_ms < LOOK_MS)
		return last->has_time;
	if (read_ticks(&now.ticks))
		now.has_time = (now.ticks.idle - last->ticks.idle) * 10 > now.ticks.all - last->ticks.all;
	*last = now;
	return now.has_time;
}

static void start(const struct workers *w, struct slot *slot, uint64_t number)
{
	slot->number = number;
	slot->began_ms = clock_ms();
	slot->pid = fork_one(w->work, w->ctx, number);
	if (slot->pid < 0)
		abort();
}

/* Returns the number of failed jobs. */
static unsigned run(const struct workers *w)
{
	unsigned at_once = w->at_once < AT_ONCE_MAX ? w->at_once : AT_ONCE_MAX, i, busy;
	struct slot slots[AT_ONCE_MAX] = { 0 }, *unused;
	struct look look = { 0 };
	uint64_t next = w->first;
	unsigned failures = 0;

	do {
		for (i = busy = 0, unused = NULL; i < at_once; i++) {
			if (slots[i].pid)
				look_after(w, &slots[i], &failures);
			if (slots[i].pid)
				busy++;
			else
				unused = &slots[i];
		}
		/* One a turn, so that the next look sees some of what a few jobs add. */
		if (unused && next <= w->last && (busy < AT_ONCE_MIN || machine_has_time(&look))) {
			start(w, unused, next++);
			busy++;
		}
		usleep(TURN_MS * 1000);
	} while (busy || next <= w->last);
	return failures;
}

int workers_main(const struct workers *w, const char *what)
{
	uint64_t began = clock_ms();
	unsigned failures = run(w);

	printf("%" PRIu64 " %s in %.0f s, %u failed\n", w->last - w->first + 1, what,
	       (double)(clock_ms() - began) / 1000, failures);
	return failures != 0;
}

int worker_apart(int (*work)(void *ctx, uint64_t number), void *ctx, uint64_t number)
{
	pid_t pid = fork_one(work, ctx, number);
	int status;

	if (pid < 0 || waitpid(pid, &status, 0) != pid || !WIFEXITED(status))
		return -1;
	return WEXITSTATUS(status);
}
