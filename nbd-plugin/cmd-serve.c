/* SPDX-License-Identifier: MIT
 * Copyright (c) 2026 The rpi-rescue-netboot authors
 *
 * Turns into nbdkit, with the flags that a root file system needs.
 */
#include "config.h"

#include <errno.h>
#include <getopt.h>
#include <stdbool.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/resource.h>
#include <sys/socket.h>
#include <sys/stat.h>
#include <sys/un.h>
#include <unistd.h>

#include "options.h"
#include "tool.h"

#define ARGS_MAX 128
/* The kernel's queue depth: a read that hits must find a thread even when all
 * others wait.
 */
#define DEFAULT_THREADS "128"

struct serve {
	const char *socket, *status, *threads, *plugin, *pidfile;
	bool foreground;
	struct options options;	/* to refuse nonsense before nbdkit starts */
	bool has_status;
	char *args[ARGS_MAX];
	int count;
};

static void help(void)
{
	printf("Usage: farroot serve URL [MIRROR]... roothash=HEX [KEY=VALUE]... [OPTION]...\n"
	       "Serves an image as a read-only NBD device on a Unix socket, with nbdkit.\n\n"
	       "  -s, --socket=PATH    NBD socket (" DEFAULT_NBD_SOCKET ")\n"
	       "  -t, --threads=N      reads that may wait at once, per connection (" DEFAULT_THREADS ")\n"
	       "  -f, --foreground     do not go into the background\n"
	       "  -P, --pidfile=PATH   write the process id there\n"
	       "      --plugin=PATH    the plugin, by name or path (farroot)\n"
	       "      --help           show this\n\n"
	       "KEY=VALUE are the parameters of nbdkit-farroot-plugin(1); status= is\n"
	       DEFAULT_STATUS_SOCKET " unless given.\n");
}

static void add(struct serve *s, const char *text)
{
	if (s->count < ARGS_MAX - 1)
		s->args[s->count++] = (char *)text;
}

static bool may_lock_memory(void)
{
	struct rlimit limit;

	return !getrlimit(RLIMIT_MEMLOCK, &limit) &&
	       (limit.rlim_cur == RLIM_INFINITY || geteuid() == 0);
}

/* The folder of a default socket is ours to make. */
static void make_folder(const char *path)
{
	if (!strncmp(path, "/run/farroot/", 13))
		mkdir("/run/farroot", 0755);
}

/* What a process that is no more has left behind. */
static int free_socket(const char *path)
{
	struct sockaddr_un address = { .sun_family = AF_UNIX };
	int fd, err;

	if (strlen(path) >= sizeof address.sun_path)
		return -ENAMETOOLONG;
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

/* One argument that is not an option: a URL or KEY=VALUE. */
static int take(struct serve *s, char *arg, char *why, size_t why_size)
{
	char *equals = strchr(arg, '='), *text;
	int err;

	if (!strncmp(arg, "http://", 7) || !strncmp(arg, "https://", 8)) {
		if (asprintf(&text, "url=%s", arg) < 0)
			return -ENOMEM;
		add(s, text);
		return options_set(&s->options, "url", arg, why, why_size);
	}
	if (!equals) {
		snprintf(why, why_size, "%s: neither a URL nor KEY=VALUE", arg);
		return -EINVAL;
	}
	*equals = '\0';
	if (!strcmp(arg, "status"))
		s->has_status = true;
	err = options_set(&s->options, arg, equals + 1, why, why_size);
	*equals = '=';
	add(s, arg);
	return err;
}

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
	int c;

	while ((c = getopt_long(argc, argv, "s:t:fP:h", long_options, NULL)) != -1) {
		switch (c) {
		case 's':
			s->socket = optarg;
			break;
		case 't':
			if (atoi(optarg) < 1 || atoi(optarg) > 4096)
				return tool_usage_error("serve", "--threads=%s: must be 1 to 4096", optarg);
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
	if (may_lock_memory())
		add(s, "--swap");
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

int cmd_serve(int argc, char **argv)
{
	struct serve s = {
		.socket = DEFAULT_NBD_SOCKET, .status = "status=" DEFAULT_STATUS_SOCKET,
		.threads = DEFAULT_THREADS, .plugin = "farroot",
	};
	char why[512] = "";
	int status = parse(&s, argc, argv), err = 0;

	if (status >= 0)
		return status;
	options_init(&s.options);
	add_flags(&s);
	for (; optind < argc && !err; optind++)
		err = take(&s, argv[optind], why, sizeof why);
	if (!err)
		err = options_check(&s.options, why, sizeof why);
	if (!err && s.count >= ARGS_MAX - 2) {
		snprintf(why, sizeof why, "too many parameters");
		err = -E2BIG;
	}
	if (err)
		return tool_usage_error("serve", "%s", why);
	if (!s.has_status)
		add(&s, s.status);
	make_folder(s.socket);
	make_folder(DEFAULT_STATUS_SOCKET);
	err = free_socket(s.socket);
	if (err) {
		fprintf(stderr, "farroot serve: %s: %s\n", s.socket,
			err == -EADDRINUSE ? "a server listens there already" : strerror(-err));
		return EXIT_FAILURE;
	}
	s.args[s.count] = NULL;
	execvp("nbdkit", s.args);
	fprintf(stderr, "farroot serve: cannot run nbdkit: %s; apt-get install nbdkit\n",
		strerror(errno));
	return EXIT_FAILURE;
}
