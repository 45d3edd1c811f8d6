/* SPDX-License-Identifier: MIT
 * Copyright (c) 2026 The rpi-rescue-netboot authors
 */
#include "config.h"

#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/prctl.h>
#include <sys/wait.h>
#include <unistd.h>

#include "common/clock.h"
#include "workers.h"

#define AT_ONCE_MAX 256

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

unsigned workers_run(const struct workers *w)
{
	unsigned at_once = w->at_once < AT_ONCE_MAX ? w->at_once : AT_ONCE_MAX, i, busy;
	struct slot slots[AT_ONCE_MAX] = { 0 };
	uint64_t next = w->first;
	unsigned failures = 0;

	do {
		for (i = busy = 0; i < at_once; i++) {
			if (slots[i].pid)
				look_after(w, &slots[i], &failures);
			if (!slots[i].pid && next <= w->last) {
				slots[i].number = next++;
				slots[i].began_ms = clock_ms();
				slots[i].pid = fork_one(w->work, w->ctx, slots[i].number);
				if (slots[i].pid < 0)
					abort();
			}
			busy += slots[i].pid != 0;
		}
		usleep(10000);
	} while (busy);
	return failures;
}

int worker_apart(int (*work)(void *ctx, uint64_t number), void *ctx, uint64_t number)
{
	pid_t pid = fork_one(work, ctx, number);
	int status;

	if (pid < 0 || waitpid(pid, &status, 0) != pid || !WIFEXITED(status))
		return -1;
	return WEXITSTATUS(status);
}
