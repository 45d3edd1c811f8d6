/* SPDX-License-Identifier: MIT
 * Copyright (c) 2026 The rpi-rescue-netboot authors
 *
 * farroot mount --umount
 */
#include "config.h"

#include <errno.h>
#include <limits.h>
#include <poll.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/socket.h>
#include <sys/syscall.h>
#include <unistd.h>

#include "common/unix-connect.h"
#include "fuse/cmd-umount.h"
#include "fuse/mount-table.h"
#include "tool/mount-place.h"

/* The time that the server has to end after its mount is gone. */
#define SERVER_END_MS 10000

/* Returns a pidfd of the process that listens on the socket, or -1. */
static int find_server(const char *socket_path)
{
	int fd = unix_connect(socket_path, 0), pidfd = -1;
	struct ucred peer;
	socklen_t size = sizeof peer;

	if (fd >= 0 && !getsockopt(fd, SOL_SOCKET, SO_PEERCRED, &peer, &size))
		pidfd = (int)syscall(SYS_pidfd_open, peer.pid, 0);
	if (fd >= 0)
		close(fd);
	return pidfd;
}

static void wait_for_end(int pidfd)
{
	struct pollfd pollfd = { .fd = pidfd, .events = POLLIN };

	if (pidfd < 0)
		return;
	poll(&pollfd, 1, SERVER_END_MS);
	close(pidfd);
}

int cmd_umount(const char *folder)
{
	char path[PATH_MAX], status[PATH_MAX] = "";
	struct mount_entry entry;
	int err = mount_place_resolve(folder, path), server = -1;
	bool is_ours;

	if (err) {
		fprintf(stderr, "farroot mount: %s: %s\n", folder, strerror(-err));
		return EXIT_FAILURE;
	}
	if (!mount_table_find(path, &entry)) {
		fprintf(stderr, "farroot mount: %s: nothing is mounted there\n", folder);
		return EXIT_FAILURE;
	}
	if (!mount_place_socket(path, status, sizeof status))
		server = find_server(status);
	/* A tree has a type of its own; of a dead server, the socket is left. */
	is_ours = !strcmp(entry.type, "fuse.farroot") || server >= 0 || (*status && !access(status, F_OK));
	if (!is_ours) {
		fprintf(stderr, "farroot mount: %s: a %s that farroot did not mount; use umount\n", folder, entry.type);
		return EXIT_FAILURE;
	}
	err = mount_table_unmount(path, false);
	if (!err) {
		wait_for_end(server);
		if (server < 0 && *status)
			unlink(status);
		return EXIT_SUCCESS;
	}
	if (server >= 0)
		close(server);
	if (err == -EBUSY)
		fprintf(stderr, "farroot mount: %s: in use; fuser -vm shows by which processes\n", folder);
	else if (err != -EPERM)
		fprintf(stderr, "farroot mount: %s: %s\n", folder, strerror(-err));
	return EXIT_FAILURE;
}
