/* SPDX-License-Identifier: MIT
 * Copyright (c) 2026 The rpi-rescue-netboot authors
 *
 * hostile-origin FILE [--port N] [--seed N] [--faults KIND,KIND] [--percent N]
 *                [--heal-after MS] [--heal-requests N] [--port-file PATH]
 *
 * Serves FILE, under any path, until it is killed.  Prints one line per request on
 * stderr.
 */
#include "config.h"

#include <errno.h>
#include <fcntl.h>
#include <getopt.h>
#include <signal.h>
#include <stdlib.h>
#include <string.h>
#include <sys/mman.h>
#include <sys/stat.h>
#include <unistd.h>

#include "hostile-origin.h"

static int usage(void)
{
	unsigned k;

	fputs("usage: hostile-origin FILE [--port N] [--seed N] [--faults KIND,KIND] [--percent N]\n"
	      "       [--heal-after MS] [--heal-requests N] [--port-file PATH]\n"
	      "kinds: all", stderr);
	for (k = HOSTILE_NONE + 1; k < HOSTILE_KINDS; k++)
		fprintf(stderr, " %s", hostile_kind_name(k));
	fputc('\n', stderr);
	return 2;
}

static int map_file(const char *path, struct hostile_options *options)
{
	int fd = open(path, O_RDONLY | O_CLOEXEC);
	struct stat st;
	void *map;

	if (fd < 0 || fstat(fd, &st))
		return -errno;
	map = mmap(NULL, (size_t)st.st_size, PROT_READ, MAP_PRIVATE, fd, 0);
	close(fd);
	if (map == MAP_FAILED)
		return -errno;
	options->image = map;
	options->image_bytes = (uint64_t)st.st_size;
	return 0;
}

/* In one step, so that a process that polls for the file finds all of it. */
static int write_port(const char *path, unsigned port)
{
	char temporary[4096];
	FILE *file;

	snprintf(temporary, sizeof temporary, "%s.new", path);
	file = fopen(temporary, "we");
	if (!file)
		return -errno;
	fprintf(file, "%u\n", port);
	if (fclose(file) || rename(temporary, path))
		return -errno;
	return 0;
}

static int parse(int argc, char **argv, struct hostile_options *options, const char **port_file)
{
	static const struct option longs[] = {
		{ "port", required_argument, NULL, 'p' },
		{ "seed", required_argument, NULL, 's' },
		{ "faults", required_argument, NULL, 'f' },
		{ "percent", required_argument, NULL, 'c' },
		{ "heal-after", required_argument, NULL, 'a' },
		{ "heal-requests", required_argument, NULL, 'r' },
		{ "port-file", required_argument, NULL, 'o' },
		{ 0 },
	};
	int c;

	while ((c = getopt_long(argc, argv, "", longs, NULL)) != -1) {
		switch (c) {
		case 'p': options->port = (unsigned)atoi(optarg); break;
		case 's': options->seed = strtoull(optarg, NULL, 0); break;
		case 'c': options->percent = (unsigned)atoi(optarg); break;
		case 'a': options->heal_after_ms = (unsigned)atoi(optarg); break;
		case 'r': options->heal_requests = strtoull(optarg, NULL, 0); break;
		case 'o': *port_file = optarg; break;
		case 'f':
			if (!hostile_kinds_parse(optarg, &options->kinds))
				break;
			fprintf(stderr, "hostile-origin: --faults %s: no such kind\n", optarg);
			return -EINVAL;
		default: return -EINVAL;
		}
	}
	return argc - optind == 1 ? 0 : -EINVAL;
}

int main(int argc, char **argv)
{
	struct hostile_options options = { .percent = 100, .log = stderr };
	const char *port_file = NULL;
	struct hostile_origin *origin;
	int err;

	if (parse(argc, argv, &options, &port_file))
		return usage();
	err = map_file(argv[optind], &options);
	if (!err)
		err = hostile_origin_new(&options, &origin);
	if (!err && port_file)
		err = write_port(port_file, hostile_origin_port(origin));
	if (err) {
		fprintf(stderr, "hostile-origin: %s: %s\n", argv[optind], strerror(-err));
		return 1;
	}
	fprintf(stderr, "hostile-origin: http://127.0.0.1:%u/image\n", hostile_origin_port(origin));
	for (;;)
		pause();
}
