/* SPDX-License-Identifier: MIT
 * Copyright (c) 2026 The rpi-rescue-netboot authors
 */
#include "config.h"

#include <errno.h>
#include <fcntl.h>
#include <getopt.h>
#include <inttypes.h>
#include <stdbool.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <strings.h>
#include <sys/ioctl.h>
#include <unistd.h>

#include "profile/cmd-profile.h"
#include "common/options.h"
#include "engine/format/seek-table-load.h"
#include "engine/verity/image-info.h"
#include "profile/draw.h"
#include "tool/commands.h"

#define NAME "profile show"
#define WIDTH_MIN 40
#define WIDTH_MAX 1000

struct show {
	const char *svg;
	unsigned columns;
	bool ascii;
	struct image_info image;	/* size_bytes 0: not given */
	uint64_t uncompressed_bytes;	/* 0: not a seekable file */
	uint32_t frames;
};

static void help(void)
{
	printf("Usage: farroot profile show [OPTION]... PROFILE [IMAGE|SIZE]\n"
	       "Draws a profile as maps of its image: how much of each part is read, and when.\n"
	       "Without IMAGE or SIZE the maps end at the last byte that is read.\n\n"
	       "      --svg=FILE       draw an SVG picture instead; - is standard output\n"
	       "  -w, --width=COLUMNS  width of the maps (the width of the terminal)\n"
	       "  -a, --ascii          use ASCII characters only\n"
	       "      --help           show this\n");
}

static bool is_utf8(void)
{
	const char *keys[] = { "LC_ALL", "LC_CTYPE", "LANG" }, *value;
	size_t i;

	for (i = 0; i < sizeof keys / sizeof keys[0]; i++) {
		value = getenv(keys[i]);
		if (value && *value)
			return strcasestr(value, "utf-8") || strcasestr(value, "utf8");
	}
	return false;
}

static unsigned terminal_columns(void)
{
	struct winsize size;

	if (ioctl(STDOUT_FILENO, TIOCGWINSZ, &size) || size.ws_col < WIDTH_MIN)
		return 80;
	return size.ws_col < WIDTH_MAX ? size.ws_col : WIDTH_MAX;
}

static void look_for_frames(struct show *s, const char *path)
{
	int fd = open(path, O_RDONLY | O_CLOEXEC);
	char why[SEEK_TABLE_WHY];
	struct seek_table table;
	const char *program;

	if (fd < 0)
		return;
	if (!seek_table_probe(seek_table_read_file, &fd, s->image.data_bytes, &table, &program, why)) {
		s->uncompressed_bytes = table.size_bytes;
		s->frames = table.frames;
		seek_table_free(&table);
	}
	close(fd);
}

/* Takes IMAGE or SIZE: a file, or else a number. */
static int take_image(struct show *s, const char *text)
{
	int err = image_info_read(text, &s->image);

	if (!err)
		look_for_frames(s, text);
	if (err == -ENOENT && !parse_size(text, &s->image.size_bytes))
		err = 0;
	if (!err && !s->image.size_bytes)
		err = -ENODATA;
	if (err)
		fprintf(stderr, "farroot " NAME ": %s: %s\n", text,
			err == -ENODATA ? "the file is empty" : strerror(-err));
	return err;
}

static void print_totals(const struct show *s, const struct picture *p)
{
	uint64_t bytes = profile_bytes(p->regions);
	const struct profile *profile = p->profile;

	printf("%-9s %.1f of %.1f MiB (%.1f %%), %" PRIu64 " bytes\n", "read",
	       (double)bytes / (1 << 20), (double)p->size_bytes / (1 << 20),
	       100.0 * (double)bytes / (double)p->size_bytes, bytes);
	if (s->frames)
		printf("%-9s %.1f MiB, compressed in %" PRIu32 " frames\n", "exports",
		       (double)s->uncompressed_bytes / (1 << 20), s->frames);
	printf("%-9s %zu steps, over %zu extents of the image\n", "in",
	       profile->count, p->regions->count);
	if (profile->recorded[0])
		printf("%-9s %s\n", "recorded", profile->recorded);
	if (profile->kernel[0])
		printf("%-9s %s\n", "kernel", profile->kernel);
	if (profile->roothash[0])
		printf("%-9s %s\n", "roothash", profile->roothash);
	if (s->image.roothash[0] && strcasecmp(profile->roothash, s->image.roothash))
		printf("%-9s %s: the profile was recorded on another image\n", "but", s->image.roothash);
	printf("\n");
}

static int save_svg(const struct show *s, const struct picture *p)
{
	bool is_stdout = !strcmp(s->svg, "-");
	FILE *to = is_stdout ? stdout : fopen(s->svg, "we");
	int err = to ? 0 : -errno;

	if (to) {
		profile_draw_svg(p, to);
		if (fflush(to) || ferror(to))
			err = -errno;
		if (!is_stdout && fclose(to) && !err)
			err = -errno;
	}
	if (err)
		fprintf(stderr, "farroot " NAME ": %s: %s\n", s->svg, strerror(-err));
	return err;
}

static uint64_t last_byte(const struct profile *p)
{
	uint64_t end, last = 0;
	size_t i;

	for (i = 0; i < p->count; i++) {
		end = p->entries[i].offset + p->entries[i].length;
		if (end > last)
			last = end;
	}
	return last;
}

static int show(const struct show *s, const char *path, const struct profile *profile)
{
	uint64_t last = last_byte(profile);
	struct profile regions;
	struct picture p = { .profile = profile, .regions = &regions,
			     .size_bytes = s->image.size_bytes ? s->image.size_bytes : last };
	int err;

	if (p.size_bytes > INT64_MAX) {
		fprintf(stderr, "farroot " NAME ": %s: no image is so large that it has byte %" PRIu64 "\n", path, last);
		return EXIT_FAILURE;
	}
	err = profile_regions(profile, p.size_bytes, &regions);
	if (!err && !regions.count) {
		fprintf(stderr, "farroot " NAME ": %s: the profile reads nothing of this image\n", path);
		err = -ENODATA;
	} else if (!err && s->svg) {
		err = save_svg(s, &p);
	} else if (!err) {
		print_totals(s, &p);
		err = profile_draw_map(&p, s->columns, s->ascii, stdout);
	}
	if (err == -ENOMEM)
		fprintf(stderr, "farroot " NAME ": out of memory\n");
	else if (!err && last > p.size_bytes)
		fprintf(stderr, "farroot " NAME ": %s: reads up to byte %" PRIu64 ", beyond the end of the image\n",
			path, last);
	profile_free(&regions);
	return err ? EXIT_FAILURE : 0;
}

int cmd_profile_show(int argc, char **argv)
{
	static const struct option long_options[] = {
		{ "svg", required_argument, NULL, 's' },
		{ "width", required_argument, NULL, 'w' },
		{ "ascii", no_argument, NULL, 'a' },
		{ "help", no_argument, NULL, 'h' },
		{ NULL, 0, NULL, 0 },
	};
	struct show s = { .ascii = !is_utf8(), .columns = terminal_columns() };
	struct profile profile;
	uint64_t number;
	int c, status;

	while ((c = getopt_long(argc, argv, "w:ah", long_options, NULL)) != -1) {
		switch (c) {
		case 's':
			s.svg = optarg;
			break;
		case 'w':
			if (parse_size(optarg, &number) || number < WIDTH_MIN || number > WIDTH_MAX)
				return tool_usage_error(NAME, "--width=%s: not %d to %d columns",
							optarg, WIDTH_MIN, WIDTH_MAX);
			s.columns = (unsigned)number;
			break;
		case 'a':
			s.ascii = true;
			break;
		case 'h':
			help();
			return 0;
		default:
			return tool_usage_error(NAME, "bad option");
		}
	}
	if (optind == argc || optind + 2 < argc)
		return tool_usage_error(NAME, "give a PROFILE and, if you have it, its IMAGE");
	if (optind + 2 == argc && take_image(&s, argv[optind + 1]))
		return EXIT_FAILURE;
	if (profile_load(NAME, argv[optind], &profile))
		return EXIT_FAILURE;
	status = show(&s, argv[optind], &profile);
	profile_free(&profile);
	return status;
}
