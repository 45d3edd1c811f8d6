/* SPDX-License-Identifier: MIT
 * Copyright (c) 2026 The rpi-rescue-netboot authors
 *
 * Feeds the hardware watchdog from the first second of the initramfs on, also after
 * switch_root: PID 1 cannot, while its own pages are on a root file system whose server is away.
 * scripts/init-top/farroot-watchdog starts it.  feeder.c decides; this file is its machine.
 *
 * What is alive?  Before each feeding the process must get the processor at the normal
 * priority, its timer must have ended, and the kernel must find and read a file of PID 1 in
 * /proc.  A kernel that does not come to that for a whole time-out is hung, or starved for good,
 * and the machine is reset.  A real-time priority would feed a machine in which no login
 * works any more.  Users and the network do not count: a rescue system that waits is alive.
 *
 * After the start no memory is allocated, no page is read from a file, and no path is looked up
 * from the root: the initramfs is deleted by then, and /dev, /proc, /run and /sys are moved.
 * Therefore their folders stay open.
 */
#include "config.h"

#include <errno.h>
#include <fcntl.h>
#include <getopt.h>
#include <signal.h>
#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/ioctl.h>
#include <sys/mman.h>
#include <sys/stat.h>
#include <time.h>
#include <unistd.h>

#include "watchdog/feeder.h"

#define EXIT_USAGE 2
#define MAX_SECONDS 3600
#define RELEASE_MS 10000

struct machine {
	int dev, proc, sys;		/* folders */
	int pid_file, kmsg;
	bool is_silent;			/* standard error is closed */
	const char *device;		/* its path */
	const char *name;		/* its name in dev */
	sigset_t release;
};

static const char usage[] =
	"Usage: farroot-watchdog [OPTION]...\n"
	"Feeds the hardware watchdog, and logs to the kernel's log what it does.\n"
	"\n"
	"  --device PATH     default /dev/watchdog0\n"
	"  --seconds N       the longest time-out to set, 1 to 3600; default 60\n"
	"  --pid-file PATH   default /run/initramfs/farroot-watchdog.pid\n"
	"  --release         ask the process that feeds to give the device to another one,\n"
	"                    such as systemd (RuntimeWatchdogSec=), and wait until it has\n"
	"  --help\n"
	"farroot-boot(7) explains it.\n";

__attribute__((format(printf, 1, 2), noreturn))
static void die(const char *fmt, ...)
{
	va_list args;

	fputs("farroot-watchdog: ", stderr);
	va_start(args, fmt);
	vfprintf(stderr, fmt, args);
	va_end(args);
	fputc('\n', stderr);
	exit(1);
}

/* --- the machine of the feeder -------------------------------------------- */

static int machine_open(void *context)
{
	struct machine *machine = context;
	struct stat status;
	int fd;

	/* To open another kind of file could block, and what it does is not known. */
	if (fstatat(machine->dev, machine->name, &status, 0))
		return -errno;
	if (!S_ISCHR(status.st_mode))
		return -ENOTTY;
	fd = openat(machine->dev, machine->name, O_WRONLY | O_NONBLOCK | O_NOCTTY | O_CLOEXEC);
	return fd < 0 ? -errno : fd;
}

static int machine_ioctl(void *context, int fd, unsigned long request, void *argument)
{
	(void)context;
	return ioctl(fd, request, argument) < 0 ? -errno : 0;
}

static int machine_write(void *context, int fd, char byte)
{
	(void)context;
	return write(fd, &byte, 1) < 0 ? -errno : 0;
}

static void machine_close(void *context, int fd)
{
	(void)context;
	close(fd);
}

/* Nothing of the console or of a login stays in use. */
static void drop(int fd)
{
	int null = open("/dev/null", O_RDWR | O_CLOEXEC);

	if (null >= 0) {
		dup2(null, fd);
		close(null);
	}
}

static bool machine_sleep(void *context, int64_t ms)
{
	struct machine *machine = context;
	struct timespec time = {
		.tv_sec = ms / 1000, .tv_nsec = (long)(ms % 1000) * 1000000,
	};

	/* What the user did wrong has been said by now. */
	if (!machine->is_silent)
		drop(STDERR_FILENO);
	machine->is_silent = true;
	/* After SIGSTOP and SIGCONT, which systemd-shutdown sends to all processes, it ends
	 * early with EINTR: one feeding more.
	 */
	return sigtimedwait(&machine->release, NULL, &time) == SIGTERM;
}

static int64_t machine_now_ms(void *context)
{
	struct timespec now;

	(void)context;
	clock_gettime(CLOCK_MONOTONIC, &now);
	return (int64_t)now.tv_sec * 1000 + now.tv_nsec / 1000000;
}

/* Returns the number of bytes, or -errno. */
static ssize_t read_file(int folder, const char *name, char *bytes, size_t size)
{
	int fd = openat(folder, name, O_RDONLY | O_CLOEXEC);
	ssize_t count;

	if (fd < 0)
		return -errno;
	count = read(fd, bytes, size);
	if (count < 0)
		count = -errno;
	close(fd);
	return count;
}

/* systemd runs this program, whose name the kernel cuts to 15 characters, as PID 1. */
static int machine_shuts_down(void *context)
{
	static const char name[] = "systemd-shutdow";
	struct machine *machine = context;
	char comm[sizeof name];
	ssize_t count = read_file(machine->proc, "1/comm", comm, sizeof name - 1);

	if (count < 0)
		return (int)count;
	return count == sizeof name - 1 && !memcmp(comm, name, sizeof name - 1);
}

/* nowayout, which a driver can have as a parameter. */
static bool machine_cannot_stop(void *context)
{
	struct machine *machine = context;
	char path[128], value;
	int length = snprintf(path, sizeof path, "class/watchdog/%s/nowayout", machine->name);

	if (length < 0 || (size_t)length >= sizeof path)
		return true;
	return read_file(machine->sys, path, &value, 1) != 1 || value != '0';
}

static void machine_log(void *context, const char *text)
{
	struct machine *machine = context;
	char line[400];
	int length = snprintf(line, sizeof line, "<5>farroot-watchdog: %s\n", text);
	ssize_t ignored;

	if (length < 0)
		return;
	if ((size_t)length >= sizeof line)
		length = sizeof line - 1;
	/* One write is one record. */
	ignored = write(machine->kmsg, line, (size_t)length);
	(void)ignored;
}

static void machine_released(void *context)
{
	struct machine *machine = context;
	struct flock lock = { .l_type = F_UNLCK, .l_whence = SEEK_SET };

	/* farroot-watchdog.service does not start with an empty one. */
	if (ftruncate(machine->pid_file, 0))
		machine_log(machine, "cannot empty its pid file");
	fcntl(machine->pid_file, F_SETLK, &lock);
}

static const struct feeder_machine functions = {
	.open = machine_open,
	.ioctl = machine_ioctl,
	.write = machine_write,
	.close = machine_close,
	.sleep = machine_sleep,
	.now_ms = machine_now_ms,
	.shuts_down = machine_shuts_down,
	.cannot_stop = machine_cannot_stop,
	.released = machine_released,
	.log = machine_log,
};

/* --- the start ------------------------------------------------------------ */

static int open_folder(const char *path)
{
	int fd = open(path, O_PATH | O_DIRECTORY | O_CLOEXEC);

	if (fd < 0)
		die("%s: %s", path, strerror(errno));
	return fd;
}

/* Opens the folder of the device. */
static void find_device(struct machine *machine, char *path)
{
	char *slash = strrchr(path, '/');

	machine->device = path;
	machine->name = slash ? slash + 1 : path;
	if (!*machine->name)
		die("%s is not the path of a device", path);
	if (!slash) {
		machine->dev = open_folder(".");
	} else if (slash == path) {
		machine->dev = open_folder("/");
	} else {
		*slash = '\0';
		machine->dev = open_folder(path);
		*slash = '/';
	}
}

/* The lock on the file, not the number in it, tells which process feeds: the kernel drops it
 * with the process.
 */
static void write_pid_file(struct machine *machine, const char *path)
{
	struct flock lock = { .l_type = F_WRLCK, .l_whence = SEEK_SET };

	machine->pid_file = open(path, O_RDWR | O_CREAT | O_CLOEXEC | O_NOFOLLOW, 0644);
	if (machine->pid_file < 0)
		die("%s: %s", path, strerror(errno));
	if (fcntl(machine->pid_file, F_SETLK, &lock)) {
		if (errno == EAGAIN || errno == EACCES)
			die("%s is locked: another farroot-watchdog feeds", path);
		die("cannot lock %s: %s", path, strerror(errno));
	}
	if (ftruncate(machine->pid_file, 0) || dprintf(machine->pid_file, "%d\n", (int)getpid()) < 0)
		die("cannot write %s: %s", path, strerror(errno));
}

/* The messages of the feeder go to standard error where there is no log of the kernel. */
static void open_log(struct machine *machine)
{
	machine->kmsg = open("/dev/kmsg", O_WRONLY | O_NOCTTY | O_CLOEXEC);
	if (machine->kmsg < 0)
		machine->kmsg = fcntl(STDERR_FILENO, F_DUPFD_CLOEXEC, 3);
}

/* A kernel without a console starts init, and so this, with no descriptors at all: what is
 * opened next must not become standard error.
 */
static void open_standard(void)
{
	int fd;

	do
		fd = open("/dev/null", O_RDWR);
	while (fd >= 0 && fd <= STDERR_FILENO);
	if (fd >= 0)
		close(fd);
}

static void protect_memory(void)
{
	int fd = open("/proc/self/oom_score_adj", O_WRONLY | O_CLOEXEC);

	if (mlockall(MCL_CURRENT | MCL_FUTURE))
		fprintf(stderr, "farroot-watchdog: cannot lock its memory: %s\n", strerror(errno));
	if (fd < 0 || write(fd, "-1000", 5) != 5)
		fprintf(stderr, "farroot-watchdog: cannot protect itself from the OOM killer: %s\n",
			strerror(errno));
	if (fd >= 0)
		close(fd);
}

/* No signal but SIGTERM counts, and a login that started it can end. */
static void detach(struct machine *machine)
{
	sigset_t all;

	sigfillset(&all);
	sigprocmask(SIG_SETMASK, &all, NULL);
	sigemptyset(&machine->release);
	sigaddset(&machine->release, SIGTERM);
	/* Fails for the leader of a process group, whose signals are blocked as well. */
	setsid();
	if (chdir("/"))
		die("/: %s", strerror(errno));
	drop(STDIN_FILENO);
	drop(STDOUT_FILENO);
}

static int run(char *argv0, char *device, const char *pid_file, int seconds)
{
	struct machine machine = { .device = device };
	int error;

	protect_memory();
	find_device(&machine, device);
	machine.proc = open_folder("/proc");
	machine.sys = open_folder("/sys");
	write_pid_file(&machine, pid_file);
	open_log(&machine);
	/* systemd does not kill a process of root whose name begins so. */
	if (*argv0)
		*argv0 = '@';
	detach(&machine);
	error = feeder_run(&functions, &machine, device, seconds);
	if (!error)
		return 0;
	machine_log(&machine, "the device is not a watchdog");
	die("%s is not a watchdog", device);
}

/* --- --release ------------------------------------------------------------ */

/* The process that feeds, or 0. */
static pid_t find_feeder(int fd, const char *path)
{
	struct flock lock = { .l_type = F_WRLCK, .l_whence = SEEK_SET };

	if (fcntl(fd, F_GETLK, &lock))
		die("%s: %s", path, strerror(errno));
	return lock.l_type == F_UNLCK ? 0 : lock.l_pid;
}

static int ask_release(const char *path)
{
	const struct timespec pause = { .tv_nsec = 20 * 1000000 };
	int fd = open(path, O_RDONLY | O_CLOEXEC);
	pid_t pid = fd < 0 ? 0 : find_feeder(fd, path);
	int64_t began_ms = machine_now_ms(NULL);

	if (fd < 0 && errno != ENOENT)
		die("%s: %s", path, strerror(errno));
	if (pid <= 0)
		die("no farroot-watchdog feeds: no process has locked %s", path);
	if (kill(pid, SIGTERM))
		die("cannot ask process %d: %s", (int)pid, strerror(errno));
	while (find_feeder(fd, path) == pid) {
		if (machine_now_ms(NULL) - began_ms > RELEASE_MS)
			die("process %d has not released the watchdog within %d s", (int)pid, RELEASE_MS / 1000);
		nanosleep(&pause, NULL);
	}
	return 0;
}

int main(int argc, char **argv)
{
	static const struct option options[] = {
		{ "device", required_argument, NULL, 'd' },
		{ "seconds", required_argument, NULL, 's' },
		{ "pid-file", required_argument, NULL, 'p' },
		{ "release", no_argument, NULL, 'r' },
		{ "help", no_argument, NULL, 'h' },
		{ 0 },
	};
	char standard_device[] = "/dev/watchdog0", *device = standard_device, *end;
	const char *pid_file = "/run/initramfs/farroot-watchdog.pid";
	long seconds = 60;
	bool release = false;
	int option;

	open_standard();
	while ((option = getopt_long(argc, argv, "", options, NULL)) != -1) {
		switch (option) {
		case 'd':
			device = optarg;
			break;
		case 's':
			errno = 0;
			seconds = strtol(optarg, &end, 10);
			if (errno || *end || end == optarg || seconds < 1 || seconds > MAX_SECONDS) {
				fprintf(stderr, "farroot-watchdog: --seconds %s: not a number from 1 to %d\n",
					optarg, MAX_SECONDS);
				return EXIT_USAGE;
			}
			break;
		case 'p':
			pid_file = optarg;
			break;
		case 'r':
			release = true;
			break;
		case 'h':
			fputs(usage, stdout);
			return 0;
		default:
			fputs("Try 'farroot-watchdog --help'.\n", stderr);
			return EXIT_USAGE;
		}
	}
	if (optind < argc) {
		fprintf(stderr, "farroot-watchdog: %s: no such argument\nTry 'farroot-watchdog --help'.\n",
			argv[optind]);
		return EXIT_USAGE;
	}
	return release ? ask_release(pid_file) : run(argv[0], device, pid_file, (int)seconds);
}
