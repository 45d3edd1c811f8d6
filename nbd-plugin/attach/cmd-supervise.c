/* SPDX-License-Identifier: MIT
 * Copyright (c) 2026 The rpi-rescue-netboot authors
 *
 * farroot attach --supervise: starts the supervisor and its guard, and ends when the device
 * can be read.
 *
 *   this process ── fork ── guard ── fork ── supervisor ── fork ── nbdkit
 *   waits on a pipe         waits for         supervise.c          in the sandbox
 *   for the device          its end
 *
 * Nothing is executed again but nbdkit, so no file is needed but those in the sandbox.  If the
 * supervisor dies, the guard forks another one.  If the guard dies, the supervisor becomes
 * a guard and forks another supervisor.
 */
#include "config.h"

#include <errno.h>
#include <fcntl.h>
#include <getopt.h>
#include <libgen.h>
#include <limits.h>
#include <linux/capability.h>
#include <linux/magic.h>
#include <signal.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/mman.h>
#include <sys/prctl.h>
#include <sys/stat.h>
#include <sys/vfs.h>
#include <sys/wait.h>
#include <time.h>
#include <unistd.h>

#include "attach/cmd-supervise.h"
#include "attach/dm-device.h"
#include "attach/nbd-server.h"
#include "attach/sandbox-free.h"
#include "attach/supervise.h"
#include "common/status-file.h"
#include "tool/commands.h"
#include "tool/sandbox.h"
#include "tool/sandbox-filter.h"

#define PAUSE_NS 100000000L
#define NAME_MAX_BYTES 100

static const char usage[] =
"Usage: farroot attach --supervise [--pivot [--free] [--verity]] DIRECTORY NAME\n"
"                      NBDKIT [ARGUMENT]...\n"
"Attaches /dev/mapper/NAME, a dm-multipath device, to an NBDKIT that it starts\n"
"in the sandbox DIRECTORY, prints the name of the device and ends.  A supervisor\n"
"stays: it replaces an nbdkit that dies or does not answer, and meanwhile reads\n"
"wait.  ARGUMENTs begin with the plugin.  Give store=PATH, or a new nbdkit\n"
"fetches again what the old one had.  Kernel modules: nbd (with max_part=0),\n"
"dm-multipath, dm-round-robin.\n"
"\n"
"  -p, --pivot      when all of the image is in the store, put a loop device over\n"
"                   it into the place of nbdkit, and end nbdkit and supervisor;\n"
"                   needs store=PATH and status=PATH, and the kernel module loop\n"
"  -f, --free       then delete the files of DIRECTORY, except the last status,\n"
"                   the log, and what is on another file system, as the store\n"
"                   must be\n"
"  -v, --verity     then let the kernel verify each read (dm-verity); a machine\n"
"                   whose memory has rotted restarts\n"
"      --help       show this\n";

/* Where the processes tell what happens. */
struct console {
	int kmsg;	/* -1: the kernel has none */
	int first;	/* standard error, until the device can be read; -1: closed */
	int ready;	/* a pipe to the process that was called */
	struct log_limiter limiter;
};

static void write_log(void *ctx, enum log_level level, const char *message)
{
	const struct console *to = ctx;

	if (level == LOG_DETAIL)
		return;
	if (to->first >= 0)
		dprintf(to->first, "farroot: %s\n", message);
	else if (to->kmsg >= 0)
		dprintf(to->kmsg, "<%d>farroot: %s\n", level == LOG_WARN ? 4 : 5, message);
}

static void tell_ready(void *ctx, const char *device)
{
	struct console *to = ctx;

	/* After a restart, nothing reads the pipe any more. */
	dprintf(to->ready, "%s\n", device);
	if (to->first >= 0)
		close(to->first);
	to->first = -1;
}

/* Returns the value of the argument with this beginning, or NULL. */
static const char *value_of(char *const *command, const char *beginning)
{
	while (*++command)
		if (!strncmp(*command, beginning, strlen(beginning)))
			return *command + strlen(beginning);
	return NULL;
}

static int parse(int argc, char **argv, struct supervise_settings *settings)
{
	static const struct option options[] = {
		{ "pivot", no_argument, NULL, 'p' },
		{ "free", no_argument, NULL, 'f' },
		{ "verity", no_argument, NULL, 'v' },
		{ "help", no_argument, NULL, 'h' },
		{ NULL, 0, NULL, 0 },
	};
	int opt;

	while ((opt = getopt_long(argc, argv, "+hfpv", options, NULL)) != -1) {
		if (opt == 'h') {
			fputs(usage, stdout);
			exit(EXIT_SUCCESS);
		}
		if (opt != 'p' && opt != 'f' && opt != 'v')
			return tool_usage_error("attach --supervise", "bad option");
		settings->pivots |= opt == 'p';
		settings->frees |= opt == 'f';
		settings->verity |= opt == 'v';
	}
	if ((settings->frees || settings->verity) && !settings->pivots)
		return tool_usage_error("attach --supervise", "--free and --verity need --pivot");
	if (argc - optind < 4)
		return tool_usage_error("attach --supervise", "give a DIRECTORY, a NAME, NBDKIT and its plugin");
	if (!*argv[optind + 1] || strlen(argv[optind + 1]) > NAME_MAX_BYTES || strchr(argv[optind + 1], '/'))
		return tool_usage_error("attach --supervise", "%s: must be a name of 1 to %d bytes without a slash",
					argv[optind + 1], NAME_MAX_BYTES);
	if (argv[optind + 2][0] != '/')
		return tool_usage_error("attach --supervise", "%s: must be the absolute path of nbdkit in the sandbox",
					argv[optind + 2]);
	settings->name = argv[optind + 1];
	settings->command = argv + optind + 2;
	settings->store = value_of(settings->command, "store=");
	settings->status_socket = value_of(settings->command, "status=");
	settings->roothash = value_of(settings->command, "roothash=");
	if (settings->verity && !settings->roothash)
		return tool_usage_error("attach --supervise", "--verity needs the argument roothash=HEX");
	if (settings->pivots && (!settings->store || !settings->status_socket))
		return tool_usage_error("attach --supervise", "--pivot needs the arguments store=PATH and status=PATH");
	return 0;
}

static int complain(const char *what)
{
	fprintf(stderr, "farroot attach: %s: %s\n", what, strerror(errno));
	return -1;
}

/* A partition scan would read through a device whose server may be away. */
static void check_max_part(const struct log *log)
{
	FILE *f = fopen("/sys/module/nbd/parameters/max_part", "re");
	int parts = 0;

	if (!f)
		return;
	if (fscanf(f, "%d", &parts) == 1 && parts)
		log_say(log, LOG_WARN, "nbd has max_part=%d: the kernel reads a partition table at each attach; load it with max_part=0",
			parts);
	fclose(f);
}

static void find_multipath(struct supervise_settings *settings)
{
	int ret = dm_control_open();

	settings->dm_control = ret;
	if (ret >= 0)
		ret = dm_has_target(settings->dm_control, "multipath");
	settings->has_multipath = ret > 0;
	if (ret <= 0)
		log_say(&settings->log, LOG_WARN,
			"the kernel has no dm-multipath (%s): the device is attached without it, and a death of nbdkit will not be survived",
			ret < 0 ? strerror(-ret) : "modprobe dm-multipath?");
}

/* What --free deletes must be a tmpfs, where files take memory; never the root directory, and
 * never the store.
 */
static int check_free(const struct supervise_settings *settings, const char *directory)
{
	struct stat root, sandbox, store;
	char path[PATH_MAX];
	struct statfs fs;

	if (statfs(directory, &fs) < 0 || stat("/", &root) < 0 || stat(directory, &sandbox) < 0)
		return complain(directory);
	snprintf(path, sizeof path, "%s/%s", directory, settings->store);
	if (stat(dirname(path), &store) < 0)
		return complain(path);
	if (fs.f_type == TMPFS_MAGIC && (root.st_dev != sandbox.st_dev || root.st_ino != sandbox.st_ino) &&
	    store.st_dev != sandbox.st_dev)
		return 0;
	fprintf(stderr, "farroot attach: --free: %s must be in a tmpfs and not be the root directory, and the store must be on another file system\n",
		directory);
	return -1;
}

/* Opens what is outside of the sandbox, and enters the sandbox. */
static int prepare(struct supervise_settings *settings, struct console *console, const char *directory)
{
	console->kmsg = open("/dev/kmsg", O_WRONLY | O_CLOEXEC);
	console->first = fcntl(STDERR_FILENO, F_DUPFD_CLOEXEC, 3);
	settings->log = (struct log){ .write = write_log, .ctx = console, .limiter = &console->limiter };
	settings->sysfs_block = open("/sys/block", O_PATH | O_DIRECTORY | O_CLOEXEC);
	if (settings->sysfs_block < 0)
		return complain("/sys/block");
	settings->dev = open("/dev", O_PATH | O_DIRECTORY | O_CLOEXEC);
	if (settings->dev < 0)
		return complain("/dev");
	check_max_part(&settings->log);
	find_multipath(settings);
	if (!settings->store)
		log_say(&settings->log, LOG_WARN, "without store=PATH, a new nbdkit will fetch again what the old one had");
	if (settings->frees && check_free(settings, directory) < 0)
		return -1;
	if (chroot(directory) < 0 || chdir("/") < 0)
		return complain(directory);
	if (mkdir(NBD_SERVER_FOLDER, 0700) < 0 && errno != EEXIST)
		return complain(directory);
	/* It may be the status of an earlier image. */
	if (settings->pivots)
		status_file_remove(settings->status_socket);
	return 0;
}

static void set_signals(void)
{
	struct sigaction stop = { .sa_handler = supervise_stop };

	sigaction(SIGTERM, &stop, NULL);
	signal(SIGHUP, SIG_IGN);
	signal(SIGPIPE, SIG_IGN);
}

/* systemd's shutdown spares a process of uid 0 whose first argument begins with @, so this
 * program executes itself with such a name, once.  Returns if it has it, or without /proc.
 */
static void take_name(int argc, char **argv)
{
	char **args = calloc((size_t)argc + 3, sizeof *args);

	if (!args || program_invocation_name[0] == '@') {
		free(args);
		return;
	}
	args[0] = (char []){ "@farroot" };
	args[1] = (char []){ "attach" };
	memcpy(args + 2, argv, (size_t)argc * sizeof *args);
	execv("/proc/self/exe", args);
	free(args);
	program_invocation_name[0] = '@';
}

/* nbd and the device mapper; a node; and what the start of an nbdkit needs. */
#define BIT(cap) (UINT64_C(1) << (cap))
#define CAPABILITIES (BIT(CAP_SYS_ADMIN) | BIT(CAP_MKNOD) | BIT(CAP_SYS_CHROOT) | BIT(CAP_SETPCAP) | \
		      BIT(CAP_SYS_NICE) | BIT(CAP_SYS_RESOURCE) | BIT(CAP_IPC_LOCK))

/* What both processes are. */
static void protect(const struct log *log)
{
	int null = open("/dev/null", O_RDWR | O_CLOEXEC), fd, ret;

	for (fd = 0; null >= 0 && fd <= STDERR_FILENO; fd++)
		dup2(null, fd);
	if (null > STDERR_FILENO)
		close(null);
	prctl(PR_SET_NAME, "farroot", 0, 0, 0);
	setsid();
	sandbox_protect();
	/* Servers of a dead supervisor become children of the guard, which waits for them. */
	prctl(PR_SET_CHILD_SUBREAPER, 1, 0, 0, 0);
	mlockall(MCL_CURRENT | MCL_FUTURE | MCL_ONFAULT);
	ret = sandbox_keep_capabilities(CAPABILITIES);
	if (ret)
		log_say(log, LOG_WARN, "the supervisor keeps all of its capabilities: %s", strerror(-ret));
	ret = sandbox_filter();
	if (ret)
		log_say(log, LOG_WARN, "the supervisor has no filter of system calls: %s", strerror(-ret));
}

static void write_pid(const char *name)
{
	char path[64];
	FILE *f;

	snprintf(path, sizeof path, NBD_SERVER_FOLDER "/%s.pid", name);
	f = fopen(path, "we");
	if (!f)
		return;
	fprintf(f, "%d\n", (int)getpid());
	fclose(f);
}

/* Waits for the supervisor, and for servers that are not its children any more.  Returns the
 * wait status of the supervisor.
 */
static int wait_for(pid_t supervisor)
{
	bool was_told = false;
	int status;
	pid_t pid;

	while ((pid = waitpid(-1, &status, 0)) != supervisor) {
		if (pid < 0 && errno != EINTR)
			return 0;
		if (pid < 0 && !was_told && supervise_is_stopping()) {
			kill(supervisor, SIGTERM);
			was_told = true;
		}
	}
	return status;
}

/* Returns the exit status of this process, which is a guard when it begins, and after the
 * death of its guard again.
 */
static int guard(const struct supervise_settings *settings, struct console *console)
{
	const struct timespec pause = { 0, PAUSE_NS };
	enum supervise_end end;
	bool is_first = true;
	pid_t self, child;
	int status;

	for (;; is_first = false) {
		/* Whatever goes wrong, it does not go wrong in a rush. */
		if (!is_first)
			nanosleep(&pause, NULL);
		self = getpid();
		write_pid("guard");
		child = fork();
		if (child == 0) {
			mlockall(MCL_CURRENT | MCL_FUTURE | MCL_ONFAULT);
			write_pid("supervisor");
			end = supervise(settings, is_first, self);
			if (end == SUPERVISE_PIVOTED && settings->frees)
				sandbox_free();
			if (end != SUPERVISE_NO_GUARD)
				_exit(end == SUPERVISE_FAILED ? EXIT_FAILURE : EXIT_SUCCESS);
			log_say(&settings->log, LOG_WARN, "the guard of the supervisor has died; there is a new one");
			continue;
		}
		if (console->first >= 0)
			close(console->first);
		console->first = -1;
		status = child < 0 ? 0 : wait_for(child);
		if (child > 0 && WIFEXITED(status))
			return WEXITSTATUS(status);
		log_say(&settings->log, LOG_WARN, "the supervisor has died (signal %d); there is a new one",
			child > 0 ? WTERMSIG(status) : 0);
	}
}

/* Passes on what the supervisor says: the name of the device. */
static int wait_until_ready(int ready)
{
	char line[256];
	ssize_t n;

	do
		n = read(ready, line, sizeof line);
	while (n < 0 && errno == EINTR);
	if (n <= 0)
		return EXIT_FAILURE;
	fwrite(line, 1, (size_t)n, stdout);
	return fflush(stdout) ? EXIT_FAILURE : EXIT_SUCCESS;
}

int cmd_supervise(int argc, char **argv)
{
	struct supervise_settings settings = { .dm_control = -1, .ready = tell_ready };
	struct console console = { .limiter = LOG_LIMITER_INIT };
	int ret = parse(argc, argv, &settings), ends[2];
	pid_t child;

	if (ret)
		return ret;
	take_name(argc, argv);
	if (prepare(&settings, &console, argv[optind]) < 0)
		return EXIT_FAILURE;
	child = pipe2(ends, O_CLOEXEC) < 0 ? -1 : fork();
	if (child < 0) {
		complain("cannot start the supervisor");
		return EXIT_FAILURE;
	}
	if (child) {
		close(ends[1]);
		return wait_until_ready(ends[0]);
	}
	close(ends[0]);
	console.ready = ends[1];
	set_signals();
	protect(&settings.log);
	_exit(guard(&settings, &console));
}
