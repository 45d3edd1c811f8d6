/* SPDX-License-Identifier: MIT
 * Copyright (c) 2026 The rpi-rescue-netboot authors
 */
#include "config.h"

#include <getopt.h>
#include <stdbool.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "common/options.h"
#include "engine/format/seek-table.h"
#include "engine/verity/verity.h"
#include "pack/fill.h"
#include "pack/frame-compressor.h"
#include "pack/pack.h"
#include "tool/commands.h"

static void help(void)
{
	printf("Usage: farroot pack [OPTION]... IMAGE -o OUT\n"
	       "Copies IMAGE to OUT with a dm-verity hash tree appended, and prints the root\n"
	       "hash and the kernel arguments that boot it.  IMAGE - is standard input.\n\n"
	       "  -o, --output=OUT    output file; replaced only when it is complete\n"
	       "  -u, --url=URL       URL of OUT, for the printed kernel arguments\n"
	       "  -z, --zstd[=LEVEL]  compress, so that any part can be read by itself; LEVEL is\n"
	       "                      1 to 22, and 15 if it is not given\n"
	       "      --frame=SIZE    compress this many bytes at a time, 64K if not given\n"
	       "      --help          show this\n\n"
	       "For a squashfs:\n"
	       "  -p, --profile=FILE  move the files that a boot reads to the front, in order;\n"
	       "                      FILE is a profile of IMAGE or a list of files.  Also\n"
	       "                      makes OUT.profile\n"
	       "      --of=PROBE      the image on which FILE was recorded, if not IMAGE\n"
	       "      --probe         let no two files share a block, to record a profile on OUT\n");
}

/* Returns 0 if the text is no level. */
static int parse_level(const char *text)
{
	char *end;
	long level;

	if (!text)
		return FILL_LEVEL;
	level = strtol(text, &end, 10);
	return *text && !*end && level >= FRAME_LEVEL_MIN && level <= FRAME_LEVEL_MAX ? (int)level : 0;
}

/* Returns 0 if frames cannot have this size. */
static uint32_t parse_frame(const char *text)
{
	uint64_t bytes;

	return !parse_size(text, &bytes) && bytes % VERITY_BLOCK_SIZE == 0 && bytes <= SEEK_TABLE_FRAME_MAX ?
	       (uint32_t)bytes : 0;
}

int cmd_pack(int argc, char **argv)
{
	static const struct option long_options[] = {
		{ "output", required_argument, NULL, 'o' },
		{ "url", required_argument, NULL, 'u' },
		{ "zstd", optional_argument, NULL, 'z' },
		{ "frame", required_argument, NULL, 'f' },
		{ "profile", required_argument, NULL, 'p' },
		{ "of", required_argument, NULL, 'p' },
		{ "probe", no_argument, NULL, 'p' },
		{ "help", no_argument, NULL, 'h' },
		{ NULL, 0, NULL, 0 },
	};
	struct pack pack = { .url = "URL", .fill = fill_plain, .frame_bytes = FILL_FRAME_BYTES };
	bool is_layout = false, has_frame = false;
	int c;

	while ((c = getopt_long(argc, argv, "o:u:p:zh", long_options, NULL)) != -1) {
		switch (c) {
		case 'o':
			pack.output = optarg;
			break;
		case 'u':
			pack.url = optarg;
			break;
		case 'z':
			pack.fill = fill_zstd;
			pack.level = parse_level(optarg);
			if (!pack.level)
				return tool_usage_error("pack", "--zstd=%s: must be a level from %d to %d", optarg,
							FRAME_LEVEL_MIN, FRAME_LEVEL_MAX);
			break;
		case 'f':
			has_frame = true;
			pack.frame_bytes = parse_frame(optarg);
			if (!pack.frame_bytes)
				return tool_usage_error("pack", "--frame=%s: must be a multiple of 4K, at most 16M", optarg);
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
	if (has_frame && !pack.level)
		return tool_usage_error("pack", "--frame is for --zstd only");
	if (is_layout && pack.level)
		return tool_usage_error("pack", "--zstd: not with --profile and --probe: a squashfs is compressed already");
	/* getopt has moved the image to the end; the helper program does not care. */
	if (is_layout && !strcmp(argv[argc - 1], "-")) {
		fprintf(stderr, "farroot pack: --profile and --probe cannot read standard input\n");
		return EXIT_FAILURE;
	}
	if (is_layout)
		return helper_program_run("", HELPER_SQUASHFS, (size_t)argc, argv);
	pack.input = strcmp(argv[optind], "-") ? argv[optind] : FILL_STANDARD_INPUT;
	return pack_run(&pack);
}
