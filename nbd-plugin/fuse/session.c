/* SPDX-License-Identifier: MIT
 * Copyright (c) 2026 The rpi-rescue-netboot authors
 */
#include "config.h"

#define FUSE_USE_VERSION 34
#include <fuse_lowlevel.h>

#include <errno.h>
#include <fcntl.h>
#include <poll.h>
#include <stdatomic.h>
#include <signal.h>
#include <stdbool.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <sys/statvfs.h>
#include <time.h>
#include <unistd.h>

#include "common/clock.h"
#include "fuse/session.h"

#define FILE_NAME "image"
#define FILE_INODE 2
/* Nothing ever changes. */
#define TIMEOUT_S 86400.0
#define BLOCK 4096
#define TELL_MS 1000

struct session {
	struct fuse_session *fuse;
	const struct content *content;
	const struct log *log;
	bool for_loop;
	int high_fd;			/* a second descriptor of /dev/fuse, or -1 */
	struct stat folder, file;
	uint8_t *buffer;		/* for reads that are answered at once */
	size_t buffer_size;
	struct fuse_buf request;
	_Atomic bool is_stopped;
	_Atomic uint64_t told_ms;	/* when the log last told of a failure */
};

/* A read whose answer another thread sends. */
struct late_read {
	fuse_req_t request;
	struct session *session;
	struct content_read *read;
	bool is_direct;			/* past the page cache */
	uint32_t count;
	uint8_t bytes[];
};

static void on_init(void *ctx, struct fuse_conn_info *conn)
{
	const struct session *s = ctx;

	/* With it, a process that reads with O_DIRECT cannot be interrupted or killed while it
	 * waits.  But a loop device reads in parallel only with it.
	 */
	if (!s->for_loop)
		conn->want &= ~(unsigned)FUSE_CAP_ASYNC_DIO;
	conn->max_background = SESSION_BACKGROUND;
	conn->congestion_threshold = SESSION_BACKGROUND / 4 * 3;
}

static const struct stat *attributes(const struct session *s, fuse_ino_t inode)
{
	return inode == FUSE_ROOT_ID ? &s->folder : &s->file;
}

static void on_lookup(fuse_req_t request, fuse_ino_t parent, const char *name)
{
	struct session *s = fuse_req_userdata(request);
	struct fuse_entry_param entry = {
		.ino = FILE_INODE, .attr = s->file,
		.attr_timeout = TIMEOUT_S, .entry_timeout = TIMEOUT_S,
	};

	if (parent != FUSE_ROOT_ID || strcmp(name, FILE_NAME))
		fuse_reply_err(request, ENOENT);
	else
		fuse_reply_entry(request, &entry);
}

static void on_getattr(fuse_req_t request, fuse_ino_t inode, struct fuse_file_info *info)
{
	(void)info;
	fuse_reply_attr(request, attributes(fuse_req_userdata(request), inode), TIMEOUT_S);
}

static void on_readdir(fuse_req_t request, fuse_ino_t inode, size_t size, off_t offset,
		       struct fuse_file_info *info)
{
	static const char *const names[] = { ".", "..", FILE_NAME };
	const struct session *s = fuse_req_userdata(request);
	size_t used = 0, length, i;
	char entries[512];

	(void)info;
	if (inode != FUSE_ROOT_ID) {
		fuse_reply_err(request, ENOTDIR);
		return;
	}
	if (size > sizeof entries)
		size = sizeof entries;
	for (i = (size_t)offset; i < sizeof names / sizeof names[0]; i++, used += length) {
		length = fuse_add_direntry(request, entries + used, size - used, names[i],
					   i < 2 ? &s->folder : &s->file, (off_t)i + 1);
		if (length > size - used)
			break;
	}
	fuse_reply_buf(request, entries, used);
}

static void on_open(fuse_req_t request, fuse_ino_t inode, struct fuse_file_info *info)
{
	if (inode != FILE_INODE) {
		fuse_reply_err(request, EISDIR);
	} else if ((info->flags & O_ACCMODE) != O_RDONLY) {
		fuse_reply_err(request, EROFS);
	} else {
		info->keep_cache = 1;
		fuse_reply_open(request, info);
	}
}

static void on_statfs(fuse_req_t request, fuse_ino_t inode)
{
	const struct session *s = fuse_req_userdata(request);
	struct statvfs st = {
		.f_bsize = BLOCK, .f_frsize = BLOCK, .f_files = 2, .f_namemax = 255,
		.f_blocks = (fsblkcnt_t)((content_size(s->content) + BLOCK - 1) / BLOCK),
	};

	(void)inode;
	fuse_reply_statfs(request, &st);
}

/* Only with outage=.  Not once for each of many reads. */
static void tell_failure(struct session *s)
{
	uint64_t now = clock_ms();

	if (s->told_ms && now - s->told_ms < TELL_MS)
		return;
	s->told_ms = now;
	log_say(s->log, LOG_FAULT, "no usable data from any origin within outage= seconds");
}

/* Another thread calls it, or the thread of the session if all blocks have come meanwhile. */
static void end_late_read(void *ctx, int result)
{
	struct late_read *late = ctx;

	if (result == -EIO && late->session->content->export)
		tell_failure(late->session);
	/* Waits for on_interrupt, if it runs, and no call of it follows. */
	fuse_req_interrupt_func(late->request, NULL, NULL);
	if (late->session->is_stopped)
		fuse_reply_none(late->request);
	else if (!result)
		fuse_reply_buf(late->request, (char *)late->bytes, late->count);
	else
		fuse_reply_err(late->request, result == -ESHUTDOWN ? EINTR : result == -EBADMSG ? EIO : -result);
	free(late);
}

/* Whether a thread has got a signal that ends it, or cannot be found.  Each such signal becomes
 * a SIGKILL in the kernel.  Source: proc_pid_status(5).
 */
static bool is_dying(pid_t thread)
{
	unsigned long long pending;
	char path[64], line[256];
	bool is_dead = true;
	FILE *status;

	snprintf(path, sizeof path, "/proc/%d/status", (int)thread);
	status = fopen(path, "re");
	if (!status)
		return true;
	while (fgets(line, sizeof line, status))
		if (sscanf(line, "SigPnd: %llx", &pending) == 1)
			is_dead = pending >> (SIGKILL - 1) & 1;
	fclose(status);
	return is_dead;
}

/* The process that reads has got a signal.  A read into the page cache may be for a page fault:
 * older kernels would make SIGBUS of EINTR, an I/O error for a signal that the process handles.
 * The kernel tells only of the first signal.
 */
static void on_interrupt(fuse_req_t request, void *ctx)
{
	struct late_read *late = ctx;

	if (!late->is_direct && !is_dying(fuse_req_ctx(request)->pid))
		return;
	/* NULL: the interrupt came before the read was started. */
	if (late->read)
		content_cancel(late->session->content, late->read);
}

static void read_late(struct session *s, fuse_req_t request, uint32_t count, uint64_t offset,
		      bool is_direct)
{
	struct late_read *late = malloc(sizeof *late + count);
	int err;

	if (!late) {
		fuse_reply_err(request, ENOMEM);
		return;
	}
	late->request = request;
	late->session = s;
	late->read = NULL;
	late->is_direct = is_direct;
	late->count = count;
	/* Before the read starts, because its end frees the request.  Interrupts come from this
	 * thread, so none is lost in between.
	 */
	fuse_req_interrupt_func(request, on_interrupt, late);
	if (is_direct && fuse_req_interrupted(request)) {
		end_late_read(late, -ESHUTDOWN);
		return;
	}
	err = content_start(s->content, late->bytes, count, offset, end_late_read, late, &late->read);
	if (err)
		end_late_read(late, err);
}

static bool has_buffer(struct session *s, size_t count)
{
	uint8_t *buffer;

	if (count <= s->buffer_size)
		return true;
	buffer = realloc(s->buffer, count);
	if (!buffer)
		return false;
	s->buffer = buffer;
	s->buffer_size = count;
	return true;
}

static void on_read(fuse_req_t request, fuse_ino_t inode, size_t count, off_t offset,
		    struct fuse_file_info *info)
{
	struct session *s = fuse_req_userdata(request);
	uint64_t size = content_size(s->content), at = (uint64_t)offset;
	int err = 0;

	(void)inode;
	if (at >= size)
		count = 0;
	else if (count > size - at)
		count = (size_t)(size - at);
	if (count && !has_buffer(s, count))
		err = -ENOMEM;
	if (!err && count)
		err = content_read(s->content, s->buffer, (uint32_t)count, at);
	if (err == -EAGAIN)
		read_late(s, request, (uint32_t)count, at, info->flags & O_DIRECT);
	else if (err)
		fuse_reply_err(request, -err);
	else
		fuse_reply_buf(request, (char *)s->buffer, count);
}

static const struct fuse_lowlevel_ops operations = {
	.init = on_init,
	.lookup = on_lookup,
	.getattr = on_getattr,
	.readdir = on_readdir,
	.open = on_open,
	.read = on_read,
	.statfs = on_statfs,
};

static void set_attributes(struct session *s)
{
	struct stat st = {
		.st_uid = geteuid(), .st_gid = getegid(), .st_blksize = BLOCK,
		.st_mtim.tv_sec = time(NULL),
	};

	st.st_atim = st.st_ctim = st.st_mtim;
	s->folder = s->file = st;
	s->folder.st_ino = FUSE_ROOT_ID;
	s->folder.st_mode = S_IFDIR | 0555;
	s->folder.st_nlink = 2;
	s->file.st_ino = FILE_INODE;
	s->file.st_mode = S_IFREG | 0444;
	s->file.st_nlink = 1;
	s->file.st_size = (off_t)content_size(s->content);
	s->file.st_blocks = (s->file.st_size + 511) / 512;
}

int session_mount(const struct content *content, const char *folder, const char *options,
		  bool for_loop, const struct log *log, struct session **out)
{
	struct session *s = calloc(1, sizeof *s);
	struct fuse_args args = FUSE_ARGS_INIT(0, NULL);

	if (!s)
		return -1;
	s->content = content;
	s->for_loop = for_loop;
	s->log = log;
	set_attributes(s);
	if (!fuse_opt_add_arg(&args, "farroot mount") && !fuse_opt_add_arg(&args, "-o") &&
	    !fuse_opt_add_arg(&args, options))
		s->fuse = fuse_session_new(&args, &operations, sizeof operations, s);
	fuse_opt_free_args(&args);
	if (!s->fuse || fuse_session_mount(s->fuse, folder)) {
		log_say(log, LOG_WARN, "%s: cannot be mounted", folder);
		if (s->fuse)
			fuse_session_destroy(s->fuse);
		free(s);
		return -1;
	}
	/* At the end of a process the kernel releases the file with the highest number first.
	 * With auto_unmount, fusermount3 looks at the mount as soon as the socket to this process
	 * is closed, and leaves it if /dev/fuse still seems to have a server.
	 */
	s->high_fd = fcntl(fuse_session_fd(s->fuse), F_DUPFD_CLOEXEC, fuse_session_fd(s->fuse) + 32);
	*out = s;
	return 0;
}

/* Returns whether the session goes on. */
static bool answer_one(struct session *s)
{
	int got = fuse_session_receive_buf(s->fuse, &s->request);

	if (got == -EINTR || got == -EAGAIN)
		return true;
	if (got <= 0)
		return false;
	fuse_session_process_buf(s->fuse, &s->request);
	return true;
}

enum session_end session_run(struct session *s, const int fds[2])
{
	/* poll does not look at a negative fd. */
	struct pollfd all[3] = {
		{ .fd = fuse_session_fd(s->fuse), .events = POLLIN },
		{ .fd = fds[0], .events = POLLIN },
		{ .fd = fds[1], .events = POLLIN },
	};

	while (!fuse_session_exited(s->fuse)) {
		if (poll(all, 3, -1) < 0) {
			if (errno == EINTR)
				continue;
			log_say(s->log, LOG_WARN, "poll: %s", strerror(errno));
			return SESSION_FAILED;
		}
		if (all[1].revents || all[2].revents)
			return SESSION_READABLE;
		if (all[0].revents && !answer_one(s))
			break;
	}
	return SESSION_UNMOUNTED;
}

void session_stop(struct session *s)
{
	s->is_stopped = true;
}

void session_free(struct session *s)
{
	if (!s)
		return;
	/* libfuse expects that the file is closed before it unmounts. */
	if (s->high_fd >= 0)
		close(s->high_fd);
	fuse_session_unmount(s->fuse);
	fuse_session_destroy(s->fuse);
	free(s->request.mem);
	free(s->buffer);
	free(s);
}
