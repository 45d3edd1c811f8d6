/* SPDX-License-Identifier: MIT
 * Copyright (c) 2026 The rpi-rescue-netboot authors
 *
 * farroot serve: executes nbdkit with the options that a root file system needs.
 */
#include "config.h"

#include <errno.h>
#include <getopt.h>
#include <linux/capability.h>
#include <stdbool.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <strings.h>
#include <sys/prctl.h>
#include <sys/resource.h>
#include <sys/socket.h>
#include <sys/stat.h>
#include <sys/un.h>
#include <unistd.h>

#include "common/options.h"
#include "tool/commands.h"

#define ARGS_MAX 128
/* The depth of the kernel's queue: a read that hits must find a free thread even if all
 * other reads wait.
 */
#define DEFAULT_THREADS "128"
#define THREADS_MAX 4096

struct serve {
	const char *socket, *threads, *plugin, *pidfile;
	bool foreground;
	struct options options;	/* checked before nbdkit starts */
	bool has_mlock;
	char *args[ARGS_MAX];
	int count;
	char *url_args[OPTIONS_MAX_URLS];	/* the elements of args to free */
	size_t url_count;
};

static void help(void)
{
	printf("Usage: farroot serve URL [MIRROR]... roothash=HEX [KEY=VALUE]... [OPTION]...\n"
	       "Serves an image as a read-only NBD device on a Unix socket, with nbdkit.\n\n"
	       "  -s, --socket=PATH    NBD socket (" DEFAULT_NBD_SOCKET ")\n"
	       "  -t, --threads=N      concurrent reads per connection (" DEFAULT_THREADS ")\n"
	       "  -f, --foreground     stay in the foreground\n"
	       "  -P, --pidfile=PATH   write the process id to PATH\n"
	       "      --plugin=PATH    the plugin, by name or path (farroot)\n"
	       "      --help           show this\n\n"
	       "KEY=VALUE are the parameters of nbdkit-farroot-plugin(1).  Default: status=\n"
	       DEFAULT_STATUS_SOCKET ", and mlock=yes if it is permitted.\n");
}

static void add(struct serve *s, const char *text)
{
	if (s->count < ARGS_MAX - 1)
		s->args[s->count++] = (char *)text;
}

/* Root in a container may not have the right. */
static bool may_lock_memory(void)
{
	struct rlimit limit;

	if (!getrlimit(RLIMIT_MEMLOCK, &limit) && limit.rlim_cur == RLIM_INFINITY)
		return true;
	return geteuid() == 0 && prctl(PR_CAPBSET_READ, CAP_IPC_LOCK, 0, 0, 0) == 1;
}

/* Makes the folder of the default sockets. */
static int make_folder(const char *path)
{
	if (strncmp(path, DEFAULT_FOLDER "/", sizeof DEFAULT_FOLDER))
		return 0;
	return mkdir(DEFAULT_FOLDER, 0755) && errno != EEXIST ? -errno : 0;
}

static int make_folders(const struct serve *s)
{
	int err = make_folder(s->socket);

	if (!err && !s->options.status_path)
		err = make_folder(DEFAULT_STATUS_SOCKET);
	if (err)
		fprintf(stderr, "farroot serve: %s: %s; run as root, or give --socket=PATH and status=PATH\n",
			DEFAULT_FOLDER, strerror(-err));
	return err;
}

/* Removes a socket that a dead process has left. */
static int free_socket(const char *path)
{
	struct sockaddr_un address = { .sun_family = AF_UNIX };
	struct stat st;
	int fd, err;

	if (strlen(path) >= sizeof address.sun_path)
		return -ENAMETOOLONG;
	if (lstat(path, &st))
		return errno == ENOENT ? 0 : -errno;
	/* connect to a regular file fails with ECONNREFUSED too: do not remove a file. */
	if (!S_ISSOCK(st.st_mode))
		return -ENOTSOCK;
	strcpy(address.sun_path, path);
	fd = socket(AF_UNIX, SOCK_STREAM | SOCK_CLOEXEC, 0);
	if (fd < 0)
		return -errno;
	err = connect(fd, (struct sockaddr *)&address, sizeof address) ? -errno : -EADDRINUSE;
	close(fd);
	if (err == -ECONNREFUSED)
		err = unlink(path) ? -errno : 0;
	return err == -ENOENT ? 0 : err;
}

static int take_url(struct serve *s, const char *url, char *why, size_t why_size)
{
	int err = options_set(&s->options, "url", url, why, why_size);
	char *text;

	if (err)
		return err;
	if (asprintf(&text, "url=%s", url) < 0)
		return -ENOMEM;
	add(s, text);
	s->url_args[s->url_count++] = text;
	return 0;
}

/* One argument that is not an option: a URL or KEY=VALUE. */
static int take(struct serve *s, char *arg, char *why, size_t why_size)
{
	char *equals = strchr(arg, '=');
	int err;

	if (!strncasecmp(arg, "http://", 7) || !strncasecmp(arg, "https://", 8))
		return take_url(s, arg, why, why_size);
	if (!equals) {
		snprintf(why, why_size, "%s: neither a URL nor KEY=VALUE", arg);
		return -EINVAL;
	}
	*equals = '\0';
	if (!strcmp(arg, "mlock"))
		s->has_mlock = true;
	err = options_set(&s->options, arg, equals + 1, why, why_size);
	*equals = '=';
	add(s, arg);
	return err;
}

/* Returns -1 to continue, or the exit status. */
static int parse(struct serve *s, int argc, char **argv)
{
	static const struct option long_options[] = {
		{ "socket", required_argument, NULL, 's' },
		{ "threads", required_argument, NULL, 't' },
		{ "foreground", no_argument, NULL, 'f' },
		{ "pidfile", required_argument, NULL, 'P' },
		{ "plugin", required_argument, NULL, 'p' },
		{ "help", no_argument, NULL, 'h' },
		{ NULL, 0, NULL, 0 },
	};
	uint64_t threads;
	int c;

	while ((c = getopt_long(argc, argv, "s:t:fP:h", long_options, NULL)) != -1) {
		switch (c) {
		case 's':
			s->socket = optarg;
			break;
		case 't':
			if (parse_size(optarg, &threads) || threads < 1 || threads > THREADS_MAX)
				return tool_usage_error("serve", "--threads=%s: must be 1 to %d",
							optarg, THREADS_MAX);
			s->threads = optarg;
			break;
		case 'f':
			s->foreground = true;
			break;
		case 'P':
			s->pidfile = optarg;
			break;
		case 'p':
			s->plugin = optarg;
			break;
		case 'h':
			help();
			return 0;
		default:
			return tool_usage_error("serve", "bad option");
		}
	}
	return -1;
}

static void add_flags(struct serve *s)
{
	add(s, "nbdkit");
	add(s, "--readonly");
	add(s, "--threads");
	add(s, s->threads);
	add(s, "--unix");
	add(s, s->socket);
	if (s->foreground)
		add(s, "--foreground");
	if (s->pidfile) {
		add(s, "--pidfile");
		add(s, s->pidfile);
	}
	add(s, s->plugin);
}

static int take_all(struct serve *s, int argc, char **argv)
{
	char why[512] = "out of memory";
	int err = 0;

	for (; optind < argc && !err; optind++)
		err = take(s, argv[optind], why, sizeof why);
	if (!err)
		err = options_check(&s->options, why, sizeof why);
	/* Three more may follow, including the NULL. */
	if (!err && s->count > ARGS_MAX - 3) {
		snprintf(why, sizeof why, "too many parameters");
		err = -E2BIG;
	}
	return err ? tool_usage_error("serve", "%s", why) : 0;
}

/* Returns only if it fails. */
static int become_nbdkit(struct serve *s)
{
	int err;

	if (!s->options.status_path)
		add(s, "status=" DEFAULT_STATUS_SOCKET);
	if (!s->has_mlock && may_lock_memory())
		add(s, "mlock=yes");
	if (make_folders(s))
		return EXIT_FAILURE;
	err = free_socket(s->socket);
	if (err) {
		fprintf(stderr, "farroot serve: %s: %s\n", s->socket,
			err == -EADDRINUSE ? "a server already listens on this socket" : strerror(-err));
		return EXIT_FAILURE;
	}
	execvp("nbdkit", s->args);
	fprintf(stderr, "farroot serve: cannot run nbdkit: %s; install it with apt-get install nbdkit\n",
		strerror(errno));
	return EXIT_FAILURE;
}

int cmd_serve(int argc, char **argv)
{
	struct serve s = {
		.socket = DEFAULT_NBD_SOCKET, .threads = DEFAULT_THREADS, .plugin = "farroot",
	};
	int status = parse(&s, argc, argv);

	if (status >= 0)
		return status;
	options_init(&s.options);
	add_flags(&s);
	status = take_all(&s, argc, argv);
	if (!status)
		status = become_nbdkit(&s);
	while (s.url_count > 0)
		free(s.url_args[--s.url_count]);
	options_free(&s.options);
	return status;
}
