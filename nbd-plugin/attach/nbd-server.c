/* SPDX-License-Identifier: MIT
 * Copyright (c) 2026 The rpi-rescue-netboot authors
 */
#include "config.h"

#include <errno.h>
#include <fcntl.h>
#include <poll.h>
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/syscall.h>
#include <unistd.h>

#include "attach/nbd-server.h"
#include "tool/sandbox.h"

/* The depth of the kernel's queue: with fewer, reads that wait for the network would block
 * reads of blocks that are present.
 */
#define THREADS "--threads=128"
#define OPTIONS 5

void nbd_server_socket(int n, char path[NBD_SERVER_PATH_BYTES])
{
	snprintf(path, NBD_SERVER_PATH_BYTES, NBD_SERVER_FOLDER "/nbd%d.sock", n);
}

static int open_lock(int n, int flags)
{
	char path[NBD_SERVER_PATH_BYTES];

	snprintf(path, sizeof path, NBD_SERVER_FOLDER "/nbd%d.lock", n);
	return open(path, O_RDWR | O_CREAT | flags, 0600);
}

pid_t nbd_server_find(int n)
{
	struct flock lock = { .l_type = F_WRLCK, .l_whence = SEEK_SET };
	int fd = open_lock(n, O_CLOEXEC), ret;

	if (fd < 0)
		return 0;
	ret = fcntl(fd, F_GETLK, &lock);
	close(fd);
	return ret == 0 && lock.l_type != F_UNLCK ? lock.l_pid : 0;
}

int nbd_server_watch(int n, pid_t *pid)
{
	int fd;

	*pid = nbd_server_find(n);
	if (!*pid)
		return -1;
	fd = (int)syscall(SYS_pidfd_open, *pid, 0);
	/* Another process may have got the number meanwhile. */
	if (fd >= 0 && nbd_server_find(n) != *pid) {
		close(fd);
		fd = -1;
	}
	if (fd < 0)
		*pid = 0;
	return fd;
}

/* In the child: the lock lives as long as the process, through exec. */
static int take_lock(int n)
{
	struct flock lock = { .l_type = F_WRLCK, .l_whence = SEEK_SET };
	int fd = open_lock(n, 0);

	return fd < 0 || fcntl(fd, F_SETLK, &lock) < 0 ? -1 : 0;
}

static void run(int n, char *const command[])
{
	char socket_path[NBD_SERVER_PATH_BYTES], unix_option[NBD_SERVER_PATH_BYTES + 8];
	size_t count = 0, i;
	char **args;
	sigset_t none;

	sigemptyset(&none);
	sigprocmask(SIG_SETMASK, &none, NULL);
	signal(SIGTERM, SIG_DFL);
	while (command[count])
		count++;
	args = calloc(count + OPTIONS, sizeof *args);
	if (!args || take_lock(n) < 0) {
		perror("farroot attach: the lock of nbdkit");
		return;
	}
	nbd_server_socket(n, socket_path);
	unlink(socket_path);
	snprintf(unix_option, sizeof unix_option, "--unix=%s", socket_path);
	args[0] = command[0];
	args[1] = (char []){ "--foreground" };
	args[2] = (char []){ "--readonly" };
	args[3] = (char []){ THREADS };
	args[4] = unix_option;
	for (i = 1; i <= count; i++)
		args[OPTIONS - 1 + i] = command[i];
	sandbox_exec("/", "/nbdkit.log", args);
}

int nbd_server_start(int n, char *const command[])
{
	int ends[2], err;
	pid_t pid;
	char byte;

	if (pipe2(ends, O_CLOEXEC) < 0)
		return -errno;
	pid = fork();
	err = pid < 0 ? errno : 0;
	if (pid == 0) {
		run(n, command);
		_exit(EXIT_FAILURE);
	}
	close(ends[1]);
	/* The end of the file: by exec or by exit.  Before, the lock may not be held. */
	while (!err && read(ends[0], &byte, 1) < 0 && errno == EINTR)
		continue;
	close(ends[0]);
	return -err;
}

int nbd_server_kill(int n, unsigned limit_ms)
{
	struct pollfd end = { .events = POLLIN };
	pid_t pid;
	int ret;

	end.fd = nbd_server_watch(n, &pid);
	if (end.fd < 0)
		return 0;
	syscall(SYS_pidfd_send_signal, end.fd, SIGKILL, NULL, 0);
	do
		ret = poll(&end, 1, (int)limit_ms);
	while (ret < 0 && errno == EINTR);
	close(end.fd);
	return ret > 0 ? 0 : -ETIMEDOUT;
}
