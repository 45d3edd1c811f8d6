/* SPDX-License-Identifier: MIT
 * Copyright (c) 2026 The rpi-rescue-netboot authors
 */
#include "config.h"

#include <errno.h>
#include <fcntl.h>
#include <inttypes.h>
#include <signal.h>
#include <stdio.h>
#include <string.h>
#include <sys/wait.h>
#include <time.h>
#include <unistd.h>

#include "attach/loop-device.h"
#include "attach/multipath-table.h"
#include "attach/nbd-netlink.h"
#include "attach/nbd-server.h"
#include "attach/supervise-internal.h"
#include "attach/verity-stack.h"
#include "common/clock.h"
#include "engine/verity/verity.h"

#define KILL_LIMIT_MS 10000
#define HANDSHAKE_LIMIT_MS 5000
#define REMOVE_TRIES 50
#define SECTOR_BYTES 512
/* The block layer's timer, else of 30 s, writes a line for each request that waits. */
#define IO_TIMEOUT_MS "86400000"

struct device_number {
	unsigned major;
	int minor;
};

void supervise_forget_line(struct line *line)
{
	if (line->pidfd >= 0)
		close(line->pidfd);
	if (line->socket >= 0)
		close(line->socket);
	heartbeat_stop(&line->heart);
	line->pid = 0;
	line->pidfd = line->socket = -1;
	line->answer = ANSWER_NONE;
	line->opening_s = 0;
}

bool supervise_is_attached(const struct supervisor *s, int n)
{
	char path[32];

	snprintf(path, sizeof path, "nbd%d/pid", n);
	return !s->lines[n].was_detached && faccessat(s->settings->sysfs_block, path, F_OK, 0) == 0;
}

/* Something went wrong; what is next is tried after a pause. */
static void count_failure(struct supervisor *s)
{
	s->failures++;
	s->not_before_ms = clock_ms() + supervisor_pause_ms(s->failures);
}

static void kill_server(struct supervisor *s, int n)
{
	supervise_forget_line(&s->lines[n]);
	if (nbd_server_kill(n, KILL_LIMIT_MS))
		log_say(&s->settings->log, LOG_WARN,
			"nbdkit of /dev/nbd%d is killed but does not end; waiting for it", n);
}

static void detach(struct supervisor *s, int n)
{
	if (nbd_netlink_disconnect((uint32_t)n, &s->settings->log) == 0)
		s->lines[n].was_detached = true;
	else
		count_failure(s);
}

static void start_server(struct supervisor *s, int n)
{
	int ret = nbd_server_start(n, s->settings->command);

	/* It verifies the store, and may drop what does not verify. */
	s->is_complete = false;
	/* It is a success only when it has served for a while. */
	s->failures++;
	s->start_not_before_ms = clock_ms() + supervisor_pause_ms(s->failures);
	if (ret)
		log_say(&s->settings->log, LOG_WARN, "cannot start nbdkit: %s; trying again", strerror(-ret));
}

/* The first part of the handshake; the server may need some time until it listens. */
static void open_line(struct supervisor *s, int n)
{
	struct line *line = &s->lines[n];
	char path[NBD_SERVER_PATH_BYTES];
	int fd;

	nbd_server_socket(n, path);
	fd = nbd_connect_unix(path, NULL);
	if (fd < 0) {
		s->not_before_ms = clock_ms() + 10;
		return;
	}
	if (nbd_handshake_begin(fd, "", HANDSHAKE_LIMIT_MS, &s->settings->log)) {
		close(fd);
		line->answer = ANSWER_SILENT;
		return;
	}
	line->socket = fd;
	line->answer = ANSWER_OPENING;
}

void supervise_take_reply(struct supervisor *s, struct line *line)
{
	line->answer = nbd_handshake_end(line->socket, HANDSHAKE_LIMIT_MS, &s->settings->log, &line->export) ?
		       ANSWER_SILENT : ANSWER_OPEN;
}

/* Returns 0, or -EINVAL if this export cannot be attached. */
static int check_export(const struct supervisor *s, const struct nbd_export *export)
{
	uint64_t size = export->size_bytes;

	if (size == 0 || size % SECTOR_BYTES || export->min_block_bytes > NBD_MAX_BLOCK_BYTES) {
		log_say(&s->settings->log, LOG_WARN,
			"the export has %" PRIu64 " bytes in blocks of %" PRIu32 ", which no device can have; trying again",
			size, export->min_block_bytes);
		return -EINVAL;
	}
	if (s->sectors && size != s->sectors * SECTOR_BYTES) {
		log_say(&s->settings->log, LOG_WARN,
			"the device has %" PRIu64 " bytes, the export %" PRIu64 ": not the same image; reads wait, trying again",
			s->sectors * SECTOR_BYTES, size);
		return -EINVAL;
	}
	return 0;
}

static int connect_kernel(struct supervisor *s, int n, uint64_t dead_conn_timeout_s)
{
	struct line *line = &s->lines[n];
	const struct nbd_device device = {
		.index = (uint32_t)n,
		.sockets = &line->socket,
		.socket_count = 1,
		.size_bytes = line->export.size_bytes,
		.block_bytes = nbd_export_block_bytes(&line->export),
		.flags = line->export.flags,
		.dead_conn_timeout_s = dead_conn_timeout_s,
	};
	int ret = check_export(s, &line->export);

	if (ret == 0)
		ret = nbd_netlink_connect(&device, &s->settings->log);
	close(line->socket);
	line->socket = -1;
	line->answer = ANSWER_NONE;
	if (ret == 0)
		line->was_detached = false;
	return ret;
}

static void set_io_timeout(const struct supervisor *s, int n)
{
	char path[48];
	int fd;

	snprintf(path, sizeof path, "nbd%d/queue/io_timeout", n);
	fd = openat(s->settings->sysfs_block, path, O_WRONLY | O_CLOEXEC);
	if (fd < 0 || write(fd, IO_TIMEOUT_MS, strlen(IO_TIMEOUT_MS)) < 0)
		log_say(&s->settings->log, LOG_NOTE, "%s: %s; the kernel will log reads that wait", path,
			strerror(errno));
	if (fd >= 0)
		close(fd);
}

/* In a process of its own, because a SIGKILL to the supervisor must not interrupt it.  This
 * child holds the lock too, so the next supervisor waits for it.
 */
static int swap(const struct supervisor *s)
{
	int status = 0;
	sigset_t all;
	pid_t pid = fork();

	if (pid < 0)
		return -errno;
	if (pid == 0) {
		sigfillset(&all);
		sigprocmask(SIG_SETMASK, &all, NULL);
		_exit(-dm_swap(&s->dm));
	}
	while (waitpid(pid, &status, 0) < 0 && errno == EINTR)
		continue;
	return WIFEXITED(status) ? -WEXITSTATUS(status) : -EINTR;
}

static int load_table(const struct supervisor *s, unsigned device_major, int minor, uint64_t sectors)
{
	char params[MULTIPATH_TEXT_BYTES];
	const struct dm_target target = { .type = "multipath", .sectors = sectors, .params = params };

	multipath_table_text(device_major, minor, params);
	return dm_load(&s->dm, &target, 1);
}

static int put_into_table(const struct supervisor *s, int n, uint64_t sectors)
{
	const char *what = "make the device";
	int ret = dm_create(&s->dm);

	if (ret == 0 || ret == -EBUSY) {
		what = "load the table";
		ret = load_table(s, NBD_MAJOR, n, sectors);
	}
	if (ret == 0) {
		what = "swap the table";
		ret = swap(s);
	}
	if (ret == 0) {
		what = "make the node";
		ret = dm_make_node(&s->dm, s->settings->dev);
	}
	if (ret)
		log_say(&s->settings->log, LOG_WARN, "/dev/mapper/%s: cannot %s: %s; reads wait, trying again",
			s->dm.name, what, strerror(-ret));
	return ret;
}

void supervise_tell_ready(struct supervisor *s, const char *folder, const char *name)
{
	char device[160];

	if (s->is_ready)
		return;
	s->is_ready = true;
	snprintf(device, sizeof device, "%s%s", folder, name);
	s->settings->ready(s->settings->log.ctx, device);
}

static void attach(struct supervisor *s, int n)
{
	uint64_t sectors = s->lines[n].export.size_bytes / SECTOR_BYTES;

	if (connect_kernel(s, n, 0)) {
		count_failure(s);
		return;
	}
	set_io_timeout(s, n);
	if (put_into_table(s, n, sectors)) {
		count_failure(s);
		return;
	}
	s->attached_ms = clock_ms();
	log_say(&s->settings->log, LOG_NOTE, "/dev/mapper/%s is on /dev/nbd%d, nbdkit is process %d", s->dm.name, n,
		(int)s->lines[n].pid);
}

/* The blocks of a device that replaces another one must be of the same size. */
static unsigned block_bytes_of(const struct supervisor *s, int n)
{
	char path[64], text[16] = "";
	int fd, bytes = 0;

	snprintf(path, sizeof path, "nbd%d/queue/logical_block_size", n);
	fd = openat(s->settings->sysfs_block, path, O_RDONLY | O_CLOEXEC);
	if (fd >= 0) {
		if (read(fd, text, sizeof text - 1) > 0)
			sscanf(text, "%d", &bytes);
		close(fd);
	}
	return bytes > 0 ? (unsigned)bytes : SECTOR_BYTES;
}

/* dm-verity over the loop device, if it was asked for, the device's blocks are as large as those of
 * dm-verity, which refuses smaller reads, and the kernel has it.  Returns 0 and sets *at,
 * the device to be used, or -errno.
 */
static int add_verity(const struct supervisor *s, unsigned block_bytes, int loop, int file, struct device_number *at)
{
	struct dm_state state;
	uint32_t minor;
	int ret;

	*at = (struct device_number){ LOOP_DEVICE_MAJOR, loop };
	if (!s->settings->verity)
		return 0;
	if (block_bytes < VERITY_BLOCK_SIZE) {
		log_say(&s->settings->log, LOG_WARN,
			"/dev/mapper/%s has no dm-verity: only the blocks of a squashfs are large enough for it", s->dm.name);
		return 0;
	}
	ret = dm_get_state(&s->dm, &state);
	if (ret == 0)
		ret = verity_stack_make(s->dm.control, s->dm.name, loop, file, s->sectors * SECTOR_BYTES,
					s->settings->roothash, &minor);
	if (ret == 0)
		*at = (struct device_number){ state.major, (int)minor };
	return ret;
}

/* A loop device over the store.  Returns its descriptor and sets *at, or -errno. */
static int attach_store(const struct supervisor *s, int old, struct device_number *at)
{
	int file = open(s->settings->store, O_RDONLY | O_CLOEXEC), fd, loop, ret;
	unsigned block_bytes = block_bytes_of(s, old);

	if (file < 0)
		return -errno;
	fd = loop_device_attach(s->settings->dev, file, s->sectors * SECTOR_BYTES, block_bytes, &loop);
	if (fd >= 0) {
		ret = add_verity(s, block_bytes, loop, file, at);
		if (ret)
			log_say(&s->settings->log, LOG_WARN, "/dev/mapper/%s has no dm-verity: %s; modprobe dm-verity?",
				s->dm.name, strerror(-ret));
	}
	close(file);
	return fd;
}

/* The nbd device that serves is detached between the two: what is in flight fails to multipath,
 * which reads it from the store.  A supervisor that is killed before the swap is done leaves an
 * inactive table, and a new one begins again.
 */
static void pivot(struct supervisor *s, int old)
{
	const char *what = "make a loop device over the store";
	struct device_number at = { 0, -1 };
	int fd, ret;

	fd = ret = attach_store(s, old, &at);
	if (fd >= 0) {
		what = "load its table";
		ret = load_table(s, at.major, at.minor, s->sectors);
	}
	if (ret == 0) {
		if (supervise_is_attached(s, old))
			detach(s, old);
		what = "swap the table";
		ret = swap(s);
	}
	if (ret) {
		s->pivot_failures++;
		count_failure(s);
		log_say(&s->settings->log, LOG_WARN, "/dev/mapper/%s stays on nbdkit: cannot %s: %s%s", s->dm.name, what,
			strerror(-ret), ret == -ENOENT && fd < 0 ? "; modprobe loop?" : "");
	} else {
		log_say(&s->settings->log, LOG_NOTE, "/dev/mapper/%s is on /dev/%s%d: the whole image is here", s->dm.name,
			at.major == LOOP_DEVICE_MAJOR ? "loop" : "dm-", at.minor);
	}
	if (fd >= 0)
		close(fd);
}

int supervise_attach_alone(struct supervisor *s)
{
	int ret = connect_kernel(s, 0, NBD_LONG_S);

	if (ret)
		kill_server(s, 0);
	else
		supervise_tell_ready(s, "/dev/", "nbd0");
	return ret;
}

/* What waited for a read may need a moment to let the device go. */
static int remove_device(const struct dm_device *dm)
{
	const struct timespec pause = { 0, 100000000 };
	int tries = REMOVE_TRIES, ret;

	while ((ret = dm_remove(dm)) == -EBUSY && --tries)
		nanosleep(&pause, NULL);
	return ret;
}

/* Reads that wait end with an error now: this is for a device that is not mounted. */
void supervise_take_down(struct supervisor *s)
{
	int n, ret;

	if (s->settings->has_multipath)
		dm_message(&s->dm, "fail_if_no_path");
	for (n = 0; n < SUPERVISOR_DEVICES; n++) {
		kill_server(s, n);
		if (supervise_is_attached(s, n))
			detach(s, n);
	}
	ret = s->settings->has_multipath ? remove_device(&s->dm) : 0;
	if (ret && ret != -ENXIO)
		log_say(&s->settings->log, LOG_WARN, "/dev/mapper/%s stays, and its reads fail: %s; unmount it first",
			s->dm.name, strerror(-ret));
}

void supervise_act(struct supervisor *s, const struct supervisor_step *step)
{
	int ret = 0;

	switch (step->action) {
	case SUPERVISE_WAIT:
		return;
	case SUPERVISE_CLEAR:
		ret = dm_clear(&s->dm);
		break;
	case SUPERVISE_RESUME:
		ret = swap(s);
		break;
	case SUPERVISE_QUEUE:
		ret = dm_message(&s->dm, "queue_if_no_path");
		break;
	case SUPERVISE_KILL:
		kill_server(s, step->n);
		break;
	case SUPERVISE_DETACH:
		detach(s, step->n);
		break;
	case SUPERVISE_START:
		start_server(s, step->n);
		break;
	case SUPERVISE_OPEN:
		open_line(s, step->n);
		break;
	case SUPERVISE_ATTACH:
		attach(s, step->n);
		break;
	case SUPERVISE_PIVOT:
		pivot(s, step->n);
		break;
	case SUPERVISE_FINISH:
		return;
	}
	if (ret) {
		log_say(&s->settings->log, LOG_WARN, "/dev/mapper/%s: %s; trying again", s->dm.name, strerror(-ret));
		count_failure(s);
	}
}

