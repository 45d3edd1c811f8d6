/* SPDX-License-Identifier: MIT
 * Copyright (c) 2026 The rpi-rescue-netboot authors
 */
#include "config.h"

#include <errno.h>
#include <poll.h>
#include <pthread.h>
#include <signal.h>
#include <stdlib.h>
#include <string.h>
#include <sys/eventfd.h>
#include <sys/socket.h>
#include <sys/stat.h>
#include <sys/un.h>
#include <unistd.h>

#include "status-socket.h"
#include "status.h"

struct status_socket {
	struct image *image;
	struct sockaddr_un address;
	int listen_fd, stop_fd;
	pthread_t thread;
};

static void answer(struct status_socket *s, int fd)
{
	struct timeval patience = { .tv_sec = 1 };
	struct status status;
	char *json;

	image_status(s->image, &status);
	json = status_to_json(&status);
	if (!json)
		return;
	setsockopt(fd, SOL_SOCKET, SO_SNDTIMEO, &patience, sizeof patience);
	/* A reader that goes away is its own affair. */
	if (send(fd, json, strlen(json), MSG_NOSIGNAL) < 0)
		errno = 0;
	free(json);
}

static void *serve(void *ctx)
{
	struct status_socket *s = ctx;
	struct pollfd fds[2] = {
		{ .fd = s->listen_fd, .events = POLLIN },
		{ .fd = s->stop_fd, .events = POLLIN },
	};
	int fd;

	for (;;) {
		if (poll(fds, 2, -1) < 0)
			continue;
		if (fds[1].revents)
			return NULL;
		fd = accept4(s->listen_fd, NULL, NULL, SOCK_CLOEXEC);
		if (fd < 0)
			continue;
		answer(s, fd);
		close(fd);
	}
}

/* A socket file left by a process that is no more. */
static void remove_stale(const struct sockaddr_un *address)
{
	struct stat st;
	int fd;

	/* Connecting to a plain file is refused as well: don't remove that. */
	if (lstat(address->sun_path, &st) || !S_ISSOCK(st.st_mode))
		return;
	fd = socket(AF_UNIX, SOCK_STREAM | SOCK_CLOEXEC, 0);
	if (fd < 0)
		return;
	if (connect(fd, (const struct sockaddr *)address, sizeof *address) &&
	    errno == ECONNREFUSED)
		unlink(address->sun_path);
	close(fd);
}

static int listen_at(struct status_socket *s)
{
	mode_t mask;
	int err;

	remove_stale(&s->address);
	s->listen_fd = socket(AF_UNIX, SOCK_STREAM | SOCK_CLOEXEC | SOCK_NONBLOCK, 0);
	if (s->listen_fd < 0)
		return -errno;
	mask = umask(0177);
	err = bind(s->listen_fd, (struct sockaddr *)&s->address, sizeof s->address) ||
	      listen(s->listen_fd, 8) ? -errno : 0;
	umask(mask);
	return err;
}

static int start(struct status_socket *s)
{
	sigset_t all, before;
	int err;

	s->stop_fd = eventfd(0, EFD_CLOEXEC);
	if (s->stop_fd < 0)
		return -errno;
	sigfillset(&all);
	pthread_sigmask(SIG_SETMASK, &all, &before);
	err = pthread_create(&s->thread, NULL, serve, s);
	pthread_sigmask(SIG_SETMASK, &before, NULL);
	if (err)
		close(s->stop_fd);
	return -err;
}

int status_socket_open(const char *path, struct image *image, const struct log *log,
		       struct status_socket **out)
{
	struct status_socket *s = calloc(1, sizeof *s);
	int err = -ENOMEM;

	if (!s)
		return err;
	s->image = image;
	s->listen_fd = -1;
	s->address.sun_family = AF_UNIX;
	err = -ENAMETOOLONG;
	if (strlen(path) < sizeof s->address.sun_path) {
		strcpy(s->address.sun_path, path);
		err = listen_at(s);
	}
	if (!err)
		err = start(s);
	if (err) {
		log_say(log, LOG_WARN, "status=%s: %s", path, strerror(-err));
		if (s->listen_fd >= 0)
			close(s->listen_fd);
		free(s);
		return err;
	}
	*out = s;
	return 0;
}

void status_socket_close(struct status_socket *s)
{
	uint64_t one = 1;

	if (!s)
		return;
	if (write(s->stop_fd, &one, sizeof one) < 0)
		abort();	/* an eventfd of our own can't refuse */
	pthread_join(s->thread, NULL);
	close(s->listen_fd);
	close(s->stop_fd);
	unlink(s->address.sun_path);
	free(s);
}
