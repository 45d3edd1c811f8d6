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
#include <sys/mman.h>
#include <sys/signalfd.h>
#include <syslog.h>
#include <unistd.h>

#include "common/log.h"
#include "engine/image.h"
#include "engine/status-socket.h"
#include "fuse/content.h"
#include "fuse/local-file.h"
#include "fuse/mount-table.h"
#include "fuse/server.h"
#include "fuse/session.h"

struct server {
	const struct mount_request *request;
	struct control *control;
	struct log_limiter log_limiter;
	struct log log;
	int log_fd;			/* log=, or -1 */
	_Atomic bool is_daemon;		/* the log is the system's */
	int signals;			/* signalfd(2) */
	struct image *image;		/* NULL: the content is a local file */
	struct content content;
	struct status_socket *status;
	struct session *session;
};

static void write_log(void *ctx, enum log_level level, const char *message)
{
	const struct server *s = ctx;

	if (level == LOG_DETAIL)
		return;
	if (s->log_fd >= 0)
		dprintf(s->log_fd, "farroot: %s\n", message);
	else if (s->is_daemon)
		syslog(level == LOG_WARN ? LOG_WARNING : LOG_INFO, "%s", message);
	else if (level == LOG_WARN || s->request->foreground)
		dprintf(STDERR_FILENO, "farroot mount: %s\n", message);
}

/* SIGTERM and others are read from a file descriptor, so that they interrupt nothing. */
static int take_signals(void)
{
	sigset_t set;

	signal(SIGPIPE, SIG_IGN);
	sigemptyset(&set);
	sigaddset(&set, SIGHUP);
	sigaddset(&set, SIGINT);
	sigaddset(&set, SIGTERM);
	sigprocmask(SIG_BLOCK, &set, NULL);
	return signalfd(-1, &set, SFD_CLOEXEC);
}

static bool is_readable(int fd)
{
	struct pollfd pollfd = { .fd = fd, .events = POLLIN };

	return fd >= 0 && poll(&pollfd, 1, 0) > 0;
}

/* While the image is opened the attendant says nothing; its end is readable, too. */
static bool must_end(void *ctx)
{
	const struct server *s = ctx;

	return is_readable(s->signals) || is_readable(s->control->fd);
}

static int open_log(struct server *s)
{
	const char *path = s->request->options.log_path;

	if (!path)
		return 0;
	s->log_fd = open(path, O_WRONLY | O_CREAT | O_APPEND | O_CLOEXEC, 0600);
	if (s->log_fd >= 0)
		return 0;
	fprintf(stderr, "farroot mount: log=%s: %s\n", path, strerror(errno));
	return -1;
}

/* The default socket may fail: the mount is useful without. */
static int open_status_socket(struct server *s)
{
	const char *path = s->request->options.status_path;

	if (path)
		return status_socket_open(path, s->image, &s->log, &s->status);
	if (*s->request->socket)
		(void)status_socket_open(s->request->socket, s->image, &s->log, &s->status);
	return 0;
}

static int open_image(struct server *s)
{
	const struct options *options = &s->request->options;
	struct cancel cancel = { .is_cancelled = must_end, .ctx = s };
	int err = image_new(options, &s->log, &s->image);

	if (!err)
		err = export_new(s->image, options, &s->log, &s->content.export);
	if (err)
		return err;
	if (options->mlock && mlockall(MCL_CURRENT | MCL_FUTURE | MCL_ONFAULT)) {
		log_say(&s->log, LOG_WARN, "mlock=yes: %s", strerror(errno));
		return -EPERM;
	}
	/* Before the thread starts, because it changes the umask. */
	err = open_status_socket(s);
	if (err)
		return err;
	err = image_start(s->image, NULL, NULL);
	if (err) {
		log_say(&s->log, LOG_WARN, "cannot start the fetch thread: %s", strerror(-err));
		return err;
	}
	err = export_wait_open(s->content.export, &cancel);
	if (err == -EIO)
		log_say(&s->log, LOG_WARN, "no usable data from any origin within outage= seconds");
	else if (err && must_end(s))
		log_say(&s->log, LOG_WARN, "ended before the image was open");
	return err;
}

static int open_content(struct server *s)
{
	const struct options *options = &s->request->options;
	char why[512];

	if (!s->request->file)
		return open_image(s);
	if (options->verify_none)
		log_say(&s->log, LOG_WARN, "verify=none: NOTHING IS VERIFIED");
	if (local_file_open(s->request->file, options->verify_none ? NULL : options->roothash, options->hash_tree,
			    &s->log, &s->content.file, why, sizeof why) ||
	    content_open_file(&s->content, options, &s->log, why, sizeof why)) {
		log_say(&s->log, LOG_WARN, "%s", why);
		return -EINVAL;
	}
	return 0;
}

static int mount_image(struct server *s)
{
	const struct mount_request *r = s->request;
	char options[4 * MOUNT_OPTIONS_TEXT];

	if (mount_options_for_image(&r->mount, r->file ? r->file : r->options.urls[0], options, sizeof options)) {
		log_say(&s->log, LOG_WARN, "too many options");
		return -E2BIG;
	}
	return session_mount(&s->content, *r->hidden ? r->hidden : r->folder, options,
			     *r->hidden, &s->log, &s->session);
}

/* The user has got the prompt again. */
static void become_daemon(struct server *s)
{
	int null;

	if (s->request->foreground)
		return;
	openlog("farroot-mount", LOG_PID, LOG_DAEMON);
	s->is_daemon = true;
	setsid();
	if (chdir("/"))
		log_say(&s->log, LOG_WARN, "/: %s", strerror(errno));
	null = open("/dev/null", O_RDWR | O_CLOEXEC);
	if (null < 0)
		return;
	dup2(null, STDIN_FILENO);
	dup2(null, STDOUT_FILENO);
	dup2(null, STDERR_FILENO);
	close(null);
}

/* Returns the exit status. */
static int serve(struct server *s)
{
	control_tell(s->control);
	for (;;) {
		switch (session_run(s->session, (int[]){ s->signals, s->control->fd })) {
		case SESSION_UNMOUNTED:
			/* An attendant that fails unmounts, too. */
			return s->control->fd < 0 || control_heard(s->control) ? EXIT_SUCCESS : EXIT_FAILURE;
		case SESSION_FAILED:
			return EXIT_FAILURE;
		case SESSION_READABLE:
			break;
		}
		if (is_readable(s->signals))
			return EXIT_SUCCESS;
		if (!control_heard(s->control))
			return EXIT_FAILURE;
		control_close(s->control, true);
		become_daemon(s);
	}
}

static void clean_up(struct server *s)
{
	const struct mount_request *r = s->request;
	struct mount_entry entry;

	/* cmd_mount has checked that nothing else was mounted there. */
	if (*r->hidden && s->session && mount_table_find(r->folder, &entry))
		mount_table_unmount(r->folder, true);
	status_socket_close(s->status);
	if (s->session)
		session_stop(s->session);
	image_free(s->image);
	export_free(s->content.export);
	content_close_file(&s->content);
	session_free(s->session);
	local_file_close(s->content.file);
	if (*r->hidden)
		rmdir(r->hidden);
	if (s->log_fd >= 0)
		close(s->log_fd);
	if (s->signals >= 0)
		close(s->signals);
}

int server_run(const struct mount_request *request, struct control *control)
{
	struct server s = { .request = request, .control = control, .log_fd = -1, .log_limiter = LOG_LIMITER_INIT };
	int status = EXIT_FAILURE;

	s.log = (struct log){ .write = write_log, .ctx = &s, .limiter = &s.log_limiter };
	s.signals = take_signals();
	if (s.signals < 0)
		fprintf(stderr, "farroot mount: signalfd: %s\n", strerror(errno));
	else if (!open_log(&s) && !open_content(&s) && !mount_image(&s))
		status = serve(&s);
	clean_up(&s);
	return status;
}
