/* SPDX-License-Identifier: MIT
 * Copyright (c) 2026 The rpi-rescue-netboot authors
 */
#include "config.h"

#include <errno.h>
#include <signal.h>
#include <stddef.h>
#include <termios.h>
#include <unistd.h>

#include "common/no-echo.h"

static const int signals[] = { SIGINT, SIGTERM, SIGHUP, SIGQUIT };
#define SIGNALS (sizeof signals / sizeof signals[0])

/* For end_by_signal: a signal handler has no other argument. */
static struct termios before;
static struct sigaction actions[SIGNALS];

static void end_by_signal(int signal_number)
{
	pid_t foreground = tcgetpgrp(STDIN_FILENO);

	/* In the background, the terminal is another process's.  -1: it has no foreground. */
	if (foreground < 0 || foreground == getpgrp()) {
		/* The next reader of the terminal must not get half a password. */
		tcflush(STDIN_FILENO, TCIFLUSH);
		tcsetattr(STDIN_FILENO, TCSANOW, &before);
	}
	raise(signal_number);	/* the default action now (SA_RESETHAND): ends the process */
}

static void catch_signals(void)
{
	const struct sigaction ending = {
		.sa_handler = end_by_signal, .sa_flags = (int)SA_RESETHAND };
	size_t i;

	for (i = 0; i < SIGNALS; i++) {
		sigaction(signals[i], NULL, &actions[i]);
		if (actions[i].sa_handler == SIG_DFL)
			sigaction(signals[i], &ending, NULL);
	}
}

static void release_signals(void)
{
	size_t i;

	for (i = 0; i < SIGNALS; i++)
		sigaction(signals[i], &actions[i], NULL);
}

int no_echo_begin(void)
{
	struct termios silent;
	int err = 0;

	if (tcgetattr(STDIN_FILENO, &before))
		return -ENOTTY;
	silent = before;
	silent.c_lflag &= ~(tcflag_t)ECHO;
	catch_signals();
	if (tcsetattr(STDIN_FILENO, TCSAFLUSH, &silent)) {
		err = -errno;
		release_signals();
	}
	return err;
}

void no_echo_end(void)
{
	tcsetattr(STDIN_FILENO, TCSAFLUSH, &before);
	release_signals();
}
