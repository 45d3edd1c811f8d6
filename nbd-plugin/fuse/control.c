/* SPDX-License-Identifier: MIT
 * Copyright (c) 2026 The rpi-rescue-netboot authors
 */
#include "config.h"

#include <errno.h>
#include <stdio.h>
#include <stdlib.h>
#include <sys/socket.h>
#include <sys/wait.h>
#include <unistd.h>

#include "fuse/control.h"

int control_fork(struct control *c, bool server_is_parent)
{
	int fds[2], err;
	pid_t pid;

	if (socketpair(AF_UNIX, SOCK_STREAM | SOCK_CLOEXEC, 0, fds))
		return -errno;
	fflush(NULL);
	pid = fork();
	if (pid < 0) {
		err = -errno;
		close(fds[0]);
		close(fds[1]);
		return err;
	}
	c->other = pid;
	c->is_server = server_is_parent == (pid > 0);
	c->fd = fds[pid > 0];
	close(fds[pid == 0]);
	return 0;
}

void control_tell(const struct control *c)
{
	/* If the other process has ended, control_heard tells. */
	if (c->fd >= 0)
		(void)!send(c->fd, "!", 1, MSG_NOSIGNAL);
}

bool control_heard(const struct control *c)
{
	ssize_t got;
	char byte;

	do
		got = read(c->fd, &byte, 1);
	while (got < 0 && errno == EINTR);
	return got == 1;
}

int control_close(struct control *c, bool wait)
{
	int status = 0;

	if (c->fd >= 0)
		close(c->fd);
	c->fd = -1;
	if (!wait || c->other <= 0)
		return 0;
	while (waitpid(c->other, &status, 0) < 0)
		if (errno != EINTR)
			return EXIT_FAILURE;
	c->other = 0;
	return WIFEXITED(status) ? WEXITSTATUS(status) : EXIT_FAILURE;
}
