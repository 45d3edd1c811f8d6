/* SPDX-License-Identifier: MIT
 * Copyright (c) 2026 The rpi-rescue-netboot authors
 */
#include "config.h"

#include <errno.h>
#include <fcntl.h>
#include <linux/capability.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/prctl.h>
#include <sys/resource.h>
#include <sys/syscall.h>
#include <unistd.h>

#include "tool/sandbox.h"
#include "tool/sandbox-filter.h"

#ifndef PR_SET_IO_FLUSHER
#define PR_SET_IO_FLUSHER 57	/* Linux 5.6 */
#endif

/* The stack of each thread; nbdkit has hundreds of threads. */
#define STACK_BYTES (256 * 1024)
#define NICE -20
#define STRING_OF(x) #x
#define STRING(x) STRING_OF(x)

static int fail(const char *what)
{
	fprintf(stderr, "farroot jail: %s: %s\n", what, strerror(errno));
	return EXIT_FAILURE;
}

static int redirect(const char *log_path)
{
	int in = open("/dev/null", O_RDONLY | O_CLOEXEC);
	int out = open(log_path, O_WRONLY | O_CREAT | O_APPEND | O_CLOEXEC, 0600);
	int ret = 0;

	if (in < 0 || out < 0 || dup2(in, STDIN_FILENO) < 0 || dup2(out, STDOUT_FILENO) < 0 ||
	    dup2(out, STDERR_FILENO) < 0)
		ret = -1;
	if (in >= 0)
		close(in);
	if (out >= 0)
		close(out);
	return ret;
}

static void write_self(const char *name, const char *text)
{
	ssize_t length = (ssize_t)strlen(text);
	char path[64];
	int fd;

	snprintf(path, sizeof path, "/proc/self/%s", name);
	fd = open(path, O_WRONLY | O_CLOEXEC);
	if (fd < 0 || write(fd, text, (size_t)length) != length)
		fprintf(stderr, "farroot jail: %s: %s\n", name, strerror(errno));
	if (fd >= 0)
		close(fd);
}

void sandbox_protect(void)
{
	const struct rlimit stack = { STACK_BYTES, RLIM_INFINITY };
	const struct rlimit memlock = { RLIM_INFINITY, RLIM_INFINITY };

	write_self("oom_score_adj", "-1000");
	/* A boot keeps every processor busy, and all of its processes wait for this
	 * one.  If the kernel has autogroups, the nice value counts only within the
	 * session's autogroup.
	 */
	if (setpriority(PRIO_PROCESS, 0, NICE) < 0)
		perror("farroot jail: nice");
	if (access("/proc/self/autogroup", F_OK) == 0)
		write_self("autogroup", STRING(NICE));
	/* Its allocations must not wait for write-back that goes through itself. */
	if (prctl(PR_SET_IO_FLUSHER, 1, 0, 0, 0) < 0)
		perror("farroot jail: PR_SET_IO_FLUSHER");
	if (setrlimit(RLIMIT_MEMLOCK, &memlock) < 0)
		perror("farroot jail: RLIMIT_MEMLOCK");
	if (setrlimit(RLIMIT_STACK, &stack) < 0)
		perror("farroot jail: RLIMIT_STACK");
}

/* The uid stays 0, because systemd kills processes of other users.  Without capabilities,
 * uid 0 only gives access to the files of root.
 */
static int drop_capabilities(void)
{
	int cap;

	for (cap = 0; prctl(PR_CAPBSET_READ, cap, 0, 0, 0) >= 0; cap++)
		if (prctl(PR_CAPBSET_DROP, cap, 0, 0, 0) < 0)
			return -1;
	return prctl(PR_SET_NO_NEW_PRIVS, 1, 0, 0, 0);
}

int sandbox_keep_capabilities(uint64_t keep)
{
	struct __user_cap_header_struct header = { .version = _LINUX_CAPABILITY_VERSION_3 };
	struct __user_cap_data_struct sets[2];
	int i;

	if (prctl(PR_SET_NO_NEW_PRIVS, 1, 0, 0, 0) < 0 || syscall(SYS_capget, &header, sets) < 0)
		return -errno;
	for (i = 0; i < 2; i++) {
		sets[i].permitted &= (uint32_t)(keep >> 32 * i);
		sets[i].effective = sets[i].permitted;
		sets[i].inheritable = 0;
	}
	return syscall(SYS_capset, &header, sets) < 0 ? -errno : 0;
}

/* It is one wall more: without it, the server works. */
static void warn_without_filter(int ret)
{
	if (ret < 0)
		fprintf(stderr, "farroot jail: no filter of system calls: %s\n", strerror(-ret));
}

/* systemd looks at the first byte of argv[0]. */
static char *marked_name(const char *path)
{
	const char *slash = strrchr(path, '/');
	char *name;

	return asprintf(&name, "@%s", slash ? slash + 1 : path) < 0 ? NULL : name;
}

int sandbox_exec(const char *directory, const char *log_path, char **command)
{
	char *program = command[0];

	setsid();	/* fails only if this process already leads a session */
	sandbox_protect();
	if (log_path && redirect(log_path) < 0)
		return fail(log_path);
	if (chroot(directory) < 0 || chdir("/") < 0)
		return fail(directory);
	if (drop_capabilities() < 0)
		return fail("cannot drop capabilities");
	warn_without_filter(sandbox_filter());
	command[0] = marked_name(program);
	if (!command[0])
		return fail(program);
	execv(program, command);
	return fail(program);
}
