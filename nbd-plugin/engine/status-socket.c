/* SPDX-License-Identifier: MIT
 * Copyright (c) 2026 The rpi-rescue-netboot authors
 */
#include "config.h"

#include <errno.h>
#include <poll.h>
#include <pthread.h>
#include <signal.h>
#include <stdbool.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/eventfd.h>
#include <sys/socket.h>
#include <sys/stat.h>
#include <sys/un.h>
#include <unistd.h>

#include "common/profile.h"
#include "common/status-requests.h"
#include "engine/status-socket.h"
#include "common/status.h"

/* The time that a client has to send a request; other clients wait meanwhile. */
#define REQUEST_MS 200
/* Between two tries to accept a client, when descriptors or memory are short. */
#define PAUSE_MS 200

struct status_socket {
	struct image *image;
	struct sockaddr_un address;
	int listen_fd, stop_fd;
	pthread_t thread;
};

/* A client that closes the connection or does not read gets less; this is no error. */
static void say(int fd, const char *text, size_t length)
{
	ssize_t sent;

	for (; length && (sent = send(fd, text, length, MSG_NOSIGNAL)) > 0; length -= (size_t)sent)
		text += sent;
}

static void say_status(struct status_socket *s, int fd)
{
	struct status status;
	char *json;

	image_status(s->image, &status);
	json = status_to_json(&status);
	if (json)
		say(fd, json, strlen(json));
	free(json);
}

static void say_profile(struct status_socket *s, int fd)
{
	struct profile profile;
	char *text = NULL;
	size_t length = 0;
	FILE *to = open_memstream(&text, &length);
	int err;

	if (!to)
		return;
	err = image_profile(s->image, &profile);
	if (!err)
		err = profile_write(&profile, to);
	profile_free(&profile);
	if (!fclose(to) && !err)
		say(fd, text, length);
	free(text);
}

/* Returns the length of the client's request, at most size; 0: there is none.  A client without one
 * should close the connection or shut down its write side, which ends the wait.
 */
static size_t take_request(struct status_socket *s, int fd, char *request, size_t size)
{
	struct pollfd fds[2] = {
		{ .fd = fd, .events = POLLIN },
		{ .fd = s->stop_fd, .events = POLLIN },
	};
	ssize_t length;

	if (poll(fds, 2, REQUEST_MS) <= 0 || fds[1].revents)
		return 0;
	length = recv(fd, request, size, MSG_DONTWAIT);
	return length > 0 ? (size_t)length : 0;
}

static bool is_request(const char *request, size_t length, const char *known)
{
	return length == strlen(known) && !memcmp(request, known, length);
}

static void answer(struct status_socket *s, int fd)
{
	struct timeval timeout = { .tv_sec = 1 };
	char request[32];
	size_t length;

	setsockopt(fd, SOL_SOCKET, SO_SNDTIMEO, &timeout, sizeof timeout);
	say_status(s, fd);
	length = take_request(s, fd, request, sizeof request);
	if (is_request(request, length, STATUS_REQUEST_PROFILE)) {
		say_profile(s, fd);
	} else if (is_request(request, length, STATUS_REQUEST_MATERIALIZE)) {
		image_materialize(s->image);
		say(fd, STATUS_REQUEST_ACCEPTED, strlen(STATUS_REQUEST_ACCEPTED));
	}
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
		if (fd < 0) {
			/* Such as EMFILE: the client still waits, so the next poll returns at once. */
			poll(&fds[1], 1, PAUSE_MS);
			continue;
		}
		answer(s, fd);
		close(fd);
	}
}

/* Removes a socket that a dead process has left. */
static void remove_stale(const struct sockaddr_un *address)
{
	struct stat st;
	int fd;

	/* connect to a regular file fails with ECONNREFUSED too: do not remove a file. */
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
		abort();	/* cannot happen with an eventfd */
	pthread_join(s->thread, NULL);
	close(s->listen_fd);
	close(s->stop_fd);
	unlink(s->address.sun_path);
	free(s);
}
