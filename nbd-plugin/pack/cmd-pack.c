/* SPDX-License-Identifier: MIT
 * Copyright (c) 2026 The rpi-rescue-netboot authors
 */
#include "config.h"

#include <errno.h>
#include <fcntl.h>
#include <getopt.h>
#include <stdbool.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "pack/pack.h"
#include "tool/commands.h"

static void help(void)
{
	printf("Usage: farroot pack [OPTION]... IMAGE -o OUT\n"
	       "Copies IMAGE to OUT with a dm-verity hash tree appended, and prints the root\n"
	       "hash and the kernel arguments that boot it.\n\n"
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

static int copy(int from, int to)
{
	static char buffer[1 << 20];
	ssize_t got, put, done;

	while ((got = read(from, buffer, sizeof buffer)) != 0) {
		if (got < 0 && errno == EINTR)
			continue;
		if (got < 0)
			return -errno;
		for (done = 0; done < got; done += put) {
			put = write(to, buffer + done, (size_t)(got - done));
			if (put < 0)
				return -errno;
		}
	}
	return 0;
}

static int fill(struct pack *p, const char *path, int fd)
{
	int from = open(p->input, O_RDONLY | O_CLOEXEC), err;

	(void)path;
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
	if (is_layout)
		return helper_program_run("", HELPER_SQUASHFS, (size_t)argc, argv);
	pack.input = argv[optind];
	return pack_run(&pack);
}
