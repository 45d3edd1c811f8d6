/* SPDX-License-Identifier: MIT
 * Copyright (c) 2026 The rpi-rescue-netboot authors
 */
#include "config.h"

#include <errno.h>
#include <getopt.h>
#include <inttypes.h>
#include <stdbool.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "profile/cmd-profile.h"
#include "engine/verity/image-info.h"
#include "profile/extents-to-files.h"
#include "squashfs/reader.h"
#include "tool/commands.h"

#define NAME "profile files"

struct options {
	const char *to, *output;
	bool needs, extents;
};

static void help(void)
{
	printf("Usage: farroot profile files [OPTION]... PROFILE IMAGE\n"
	       "  or:  farroot profile files [OPTION]... --to=IMAGE LIST\n"
	       "  or:  farroot profile files [OPTION]... --to=IMAGE PROFILE OLD-IMAGE\n"
	       "Lists the files of a squashfs that a profile reads, or makes a profile of\n"
	       "another image from such a list.\n\n"
	       "  -t, --to=IMAGE     make a profile of IMAGE\n"
	       "  -n, --needs        print instead how many bytes must be read, by kind\n"
	       "  -e, --extents      print instead which parts of IMAGE have each line of LIST\n"
	       "  -o, --output=FILE  output file (standard output)\n"
	       "      --help         show this\n");
}

static int say(const char *path, const char *what)
{
	fprintf(stderr, "farroot " NAME ": %s: %s\n", path, what);
	return -1;
}

static int load_layout(const char *path, struct layout *out)
{
	int err = layout_read(path, out);

	return err ? say(path, squashfs_reason(err)) : 0;
}

static int print_needs(const char *path, const struct profile *profile, const struct layout *layout)
{
	struct profile_needs needs;
	struct image_info image;
	int err = image_info_read(path, &image);

	if (!err)
		err = profile_needs(profile, layout, image.data_bytes, &needs);
	if (err)
		return say(path, strerror(-err));
	printf("files %" PRIu64 "\nfragments %" PRIu64 "\ntables %" PRIu64 "\nedges %" PRIu64
	       "\nhashes %" PRIu64 "\ntotal %" PRIu64 "\n", needs.files, needs.fragments,
	       needs.tables, needs.edges, needs.hashes, needs.total);
	return 0;
}

static int save_list(const struct options *o, const struct file_list *list)
{
	bool is_stdout = !o->output || !strcmp(o->output, "-");
	FILE *to = is_stdout ? stdout : fopen(o->output, "we");
	int err = !to ? -errno : o->extents ? file_list_write_ranges(list, to) : file_list_write(list, to);

	if (to && fflush(to) && !err)
		err = -errno;
	if (to && !is_stdout && fclose(to) && !err)
		err = -errno;
	return err ? say(is_stdout ? "standard output" : o->output, strerror(-err)) : 0;
}

/* PROFILE IMAGE */
static int list_files(const struct options *o, char *const args[2], struct file_list *out)
{
	struct profile profile;
	struct layout layout;
	int err = profile_load(NAME, args[0], &profile);

	if (err)
		return err;
	err = load_layout(args[1], &layout);
	if (!err && o->needs && !o->to)
		err = print_needs(args[1], &profile, &layout);
	else if (!err && profile_to_files(&profile, &layout, out))
		err = say(args[0], strerror(ENOMEM));
	layout_free(&layout);
	profile_free(&profile);
	return err;
}

/* Lists the extents of each line, as ranges of the image with the line's name. */
static int list_extents(const struct file_list *list, const struct layout *layout,
			struct file_list *out, size_t *missing)
{
	struct file_list one = *list;
	struct profile profile;
	size_t i, j, is_missing;
	int err = 0;

	*missing = 0;
	one.count = 1;
	for (i = 0; i < list->count && !err; i++) {
		one.entries = &list->entries[i];
		err = profile_of_files(&one, layout, &profile, &is_missing);
		*missing += is_missing;
		for (j = 0; j < profile.count && !err; j++)
			err = file_list_add(out, one.entries->name, profile.entries[j].offset,
					    profile.entries[j].length);
		profile_free(&profile);
	}
	return err;
}

static void say_missing(const struct options *o, const char *path, size_t missing, size_t count)
{
	if (missing)
		fprintf(stderr, "farroot " NAME ": %s: %zu of %zu lines name nothing that is in %s\n",
			path, missing, count, o->to);
}

static int print_extents(const struct options *o, const char *path, const struct file_list *list)
{
	struct file_list extents = { 0 };
	struct layout layout;
	size_t missing;
	int err = load_layout(o->to, &layout);

	if (!err && list_extents(list, &layout, &extents, &missing))
		err = say(path, strerror(ENOMEM));
	layout_free(&layout);
	if (!err) {
		say_missing(o, path, missing, list->count);
		err = save_list(o, &extents);
	}
	file_list_free(&extents);
	return err;
}

static int make_profile(const struct options *o, const char *path, const struct file_list *list)
{
	struct profile profile = { 0 };
	struct layout layout;
	struct image_info image;
	size_t missing;
	int err = load_layout(o->to, &layout);

	if (!err && (profile_of_files(list, &layout, &profile, &missing) || image_info_read(o->to, &image)))
		err = say(o->to, strerror(errno ? errno : ENOMEM));
	if (!err)
		say_missing(o, path, missing, list->count);
	if (!err && o->needs) {
		err = print_needs(o->to, &profile, &layout);
	} else if (!err) {
		memcpy(profile.roothash, image.roothash, sizeof profile.roothash);
		err = profile_save(NAME, o->output, &profile);
	}
	profile_free(&profile);
	layout_free(&layout);
	return err;
}

static int run(const struct options *o, int count, char *const args[])
{
	struct file_list list = { 0 };
	int err = count == 2 ? list_files(o, args, &list) : file_list_load(NAME, args[0], &list);

	if (!err && o->extents)
		err = print_extents(o, args[0], &list);
	else if (!err && o->to)
		err = make_profile(o, args[0], &list);
	else if (!err && !o->needs)
		err = save_list(o, &list);
	file_list_free(&list);
	return err ? EXIT_FAILURE : 0;
}

int cmd_profile_files(int argc, char **argv)
{
	static const struct option long_options[] = {
		{ "to", required_argument, NULL, 't' },
		{ "needs", no_argument, NULL, 'n' },
		{ "extents", no_argument, NULL, 'e' },
		{ "output", required_argument, NULL, 'o' },
		{ "help", no_argument, NULL, 'h' },
		{ NULL, 0, NULL, 0 },
	};
	struct options o = { 0 };
	int c, count;

	while ((c = getopt_long(argc, argv, "t:neo:h", long_options, NULL)) != -1) {
		switch (c) {
		case 't':
			o.to = optarg;
			break;
		case 'n':
			o.needs = true;
			break;
		case 'e':
			o.extents = true;
			break;
		case 'o':
			o.output = optarg;
			break;
		case 'h':
			help();
			return 0;
		default:
			return tool_usage_error(NAME, "bad option");
		}
	}
	count = argc - optind;
	if (count != 2 && !(o.to && count == 1))
		return tool_usage_error(NAME, "give a PROFILE and its IMAGE, or a LIST with --to");
	if (o.extents && (o.needs || !o.to))
		return tool_usage_error(NAME, "--extents needs --to=IMAGE, and no --needs");
	return run(&o, count, argv + optind);
}
