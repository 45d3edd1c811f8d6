/* SPDX-License-Identifier: MIT
 * Copyright (c) 2026 The rpi-rescue-netboot authors
 */
#include "config.h"

#include <errno.h>
#include <fcntl.h>
#include <getopt.h>
#include <stdbool.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

#include "pack/pack.h"
#include "tool/commands.h"

#define STANDARD_INPUT "/dev/stdin"

static void help(void)
{
	printf("Usage: farroot pack [OPTION]... IMAGE -o OUT\n"
	       "Copies IMAGE to OUT with a dm-verity hash tree appended, and prints the root\n"
	       "hash and the kernel arguments that boot it.  IMAGE - is standard input.\n\n"
	       "  -o, --output=OUT    output file; replaced only when it is complete\n"
	       "  -u, --url=URL       URL of OUT, for the printed kernel arguments\n"
	       "      --help          show this\n\n"
	       "For a squashfs:\n"
	       "  -p, --profile=FILE  move the files that a boot reads to the front, in order;\n"
	       "                      FILE is a profile of IMAGE or a list of files.  Also\n"
	       "                      makes OUT.profile\n"
	       "      --of=PROBE      the image on which FILE was recorded, if not IMAGE\n"
	       "      --probe         let no two files share a block, to record a profile on OUT\n");
}

static int write_all(int to, const char *bytes, size_t size)
{
	ssize_t put;

	while (size) {
		put = write(to, bytes, size);
		if (put < 0 && errno == EINTR)
			continue;
		if (put < 0)
			return -errno;
		bytes += put;
		size -= (size_t)put;
	}
	return 0;
}

/* Copies size bytes, or what there is until the end of the input. */
static int copy_bytes(int from, int to, uint64_t size)
{
	static char buffer[1 << 20];
	ssize_t got;
	int err;

	while (size) {
		got = read(from, buffer, size < sizeof buffer ? (size_t)size : sizeof buffer);
		if (got < 0 && errno == EINTR)
			continue;
		if (got <= 0)
			return got ? -errno : 0;
		err = write_all(to, buffer, (size_t)got);
		if (err)
			return err;
		size -= (uint64_t)got;
	}
	return 0;
}

/* Copies the bytes from start to size of a file, except its holes. */
static int copy_data(int from, int to, off_t start, off_t size)
{
	off_t data, hole = start;
	int err;

	while ((data = lseek(from, hole, SEEK_DATA)) >= 0) {
		hole = lseek(from, data, SEEK_HOLE);
		if (hole < 0 || lseek(from, data, SEEK_SET) < 0 || lseek(to, data - start, SEEK_SET) < 0)
			return -errno;
		err = copy_bytes(from, to, (uint64_t)(hole - data));
		if (err)
			return err;
	}
	if (errno != ENXIO)
		return -errno;
	return ftruncate(to, start < size ? size - start : 0) ? -errno : 0;
}

/* Returns whether the file system can tell where the holes of a file are. */
static bool has_map(int fd, off_t start)
{
	return lseek(fd, start, SEEK_DATA) >= 0 || errno == ENXIO;
}

/* Holes stay holes.  Only standard input may have been read before. */
static int copy(int from, int to)
{
	off_t start = lseek(from, 0, SEEK_CUR);
	struct stat before, after;
	int err;

	if (fstat(from, &before))
		return -errno;
	if (!S_ISREG(before.st_mode) || !has_map(from, start))
		return copy_bytes(from, to, UINT64_MAX);
	err = copy_data(from, to, start, before.st_size);
	if (!err && fstat(from, &after))
		err = -errno;
	return err ? err : after.st_size == before.st_size ? 0 : PACK_CHANGED;
}

static int fill(struct pack *p, const char *path, int fd)
{
	int from, err;

	(void)path;
	/* open("/dev/stdin") fails for a socket. */
	from = strcmp(p->input, STANDARD_INPUT) ? open(p->input, O_RDONLY | O_CLOEXEC) :
						  dup(STDIN_FILENO);
	if (from < 0) {
		fprintf(stderr, "farroot pack: %s: %s\n", p->input, strerror(errno));
		return PACK_SAID;
	}
	err = copy(from, fd);
	close(from);
	return err;
}

int cmd_pack(int argc, char **argv)
{
	static const struct option long_options[] = {
		{ "output", required_argument, NULL, 'o' },
		{ "url", required_argument, NULL, 'u' },
		{ "profile", required_argument, NULL, 'p' },
		{ "of", required_argument, NULL, 'p' },
		{ "probe", no_argument, NULL, 'p' },
		{ "help", no_argument, NULL, 'h' },
		{ NULL, 0, NULL, 0 },
	};
	struct pack pack = { .url = "URL", .fill = fill };
	bool is_layout = false;
	int c;

	while ((c = getopt_long(argc, argv, "o:u:p:h", long_options, NULL)) != -1) {
		switch (c) {
		case 'o':
			pack.output = optarg;
			break;
		case 'u':
			pack.url = optarg;
			break;
		case 'p':
			is_layout = true;
			break;
		case 'h':
			help();
			return 0;
		default:
			return tool_usage_error("pack", "bad option");
		}
	}
	if (optind + 1 != argc)
		return tool_usage_error("pack", "give one IMAGE");
	if (!pack.output)
		return tool_usage_error("pack", "give the output file with -o");
	/* getopt has moved the image to the end; the helper program does not care. */
	if (is_layout && !strcmp(argv[argc - 1], "-")) {
		fprintf(stderr, "farroot pack: --profile and --probe cannot read standard input\n");
		return EXIT_FAILURE;
	}
	if (is_layout)
		return helper_program_run("", HELPER_SQUASHFS, (size_t)argc, argv);
	pack.input = strcmp(argv[optind], "-") ? argv[optind] : STANDARD_INPUT;
	return pack_run(&pack);
}
