/* SPDX-License-Identifier: MIT
 * Copyright (c) 2026 The rpi-rescue-netboot authors
 *
 * farroot pack --profile and --probe: changes the layout of the squashfs first.  farroot(1)
 * has already refused the arguments that are not checked here.
 */
#include "config.h"

#include <errno.h>
#include <getopt.h>
#include <inttypes.h>
#include <stdbool.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <strings.h>

#include "profile/cmd-profile.h"
#include "pack/pack.h"
#include "engine/verity/image-info.h"
#include "profile/extents-to-files.h"
#include "squashfs/reader.h"
#include "squashfs/repack.h"
#include "tool/commands.h"

struct layout_pack {
	struct pack pack;		/* first: the functions get a pointer to it */
	const char *profile, *of;
	bool probe;
	struct profile recorded;	/* for its headers */
	struct file_list boot;
};

static int said(const char *path, const char *what)
{
	fprintf(stderr, "farroot pack: %s: %s\n", path, what);
	return PACK_SAID;
}

static bool is_list(const char *path)
{
	const char magic[] = FILE_LIST_MAGIC;
	char start[sizeof magic - 1];
	FILE *from = fopen(path, "re");
	bool is = from && fread(start, 1, sizeof start, from) == sizeof start &&
		  !memcmp(start, magic, sizeof start);

	if (from)
		fclose(from);
	return is;
}

/* Refuses a profile of another image, whose offsets are those of other files. */
static int check_image(const struct layout_pack *l, const char *of)
{
	struct image_info image;
	int err = image_info_read(of, &image);

	if (err)
		return said(of, strerror(-err));
	if (l->recorded.roothash[0] && image.roothash[0] &&
	    strcasecmp(l->recorded.roothash, image.roothash))
		return said(l->profile, "the profile was recorded on another image; give that image with --of");
	return 0;
}

static int load_profile(struct layout_pack *l)
{
	const char *of = l->of ? l->of : l->pack.input;
	struct layout layout;
	int err;

	if (is_list(l->profile))
		return file_list_load("pack", l->profile, &l->boot) ? PACK_SAID : 0;
	if (profile_load("pack", l->profile, &l->recorded))
		return PACK_SAID;
	err = check_image(l, of);
	if (err)
		return err;
	err = layout_read(of, &layout);
	if (err)
		err = said(of, squashfs_reason(err));
	else
		err = profile_to_files(&l->recorded, &layout, &l->boot);
	layout_free(&layout);
	return err;
}

static int fill(struct pack *p, const char *path, int fd)
{
	struct layout_pack *l = (struct layout_pack *)p;
	int err;

	(void)fd;
	err = pack_refuse_truncated(p);
	if (!err)
		err = squashfs_repack(p->input, path, l->probe ? NULL : &l->boot);
	if (!err || err == PACK_SAID || pack_is_full(err))
		return err;
	return said(p->input, squashfs_reason(err));
}

static int save_profile(struct layout_pack *l, const struct layout *layout, const char *path,
			const char *roothash)
{
	struct profile profile;
	struct profile_needs needs;
	struct image_info image;
	size_t missing;
	char *name = NULL;
	int err = profile_of_files(&l->boot, layout, &profile, &missing);

	if (!err)
		err = image_info_read(path, &image);
	if (!err)
		err = profile_needs(&profile, layout, image.data_bytes, &needs);
	if (!err && asprintf(&name, "%s.profile", l->pack.output) < 0)
		err = -ENOMEM;
	if (!err) {
		snprintf(profile.roothash, sizeof profile.roothash, "%s", roothash);
		memcpy(profile.kernel, l->recorded.kernel, sizeof profile.kernel);
		memcpy(profile.recorded, l->recorded.recorded, sizeof profile.recorded);
		err = profile_save("pack", name, &profile) ? PACK_SAID : 0;
	}
	if (!err && missing)
		fprintf(stderr, "farroot pack: %s: %zu of %zu lines name nothing that is in %s\n",
			l->profile, missing, l->boot.count, l->pack.input);
	if (!err)
		printf("profile=%s\nboot-bytes=%" PRIu64 "\n", name, needs.total);
	profile_free(&profile);
	free(name);
	return err;
}

static int finish(struct pack *p, const char *path, const char *roothash)
{
	struct layout_pack *l = (struct layout_pack *)p;
	struct layout layout;
	int err;

	if (l->probe)
		return 0;
	err = layout_read(path, &layout);
	if (!err)
		err = save_profile(l, &layout, path, roothash);
	layout_free(&layout);
	return err;
}

static int run(struct layout_pack *l)
{
	int err = l->probe ? 0 : load_profile(l), status;

	if (err && err != PACK_SAID)
		said(l->profile, strerror(-err));
	status = err ? EXIT_FAILURE : pack_run(&l->pack);
	profile_free(&l->recorded);
	file_list_free(&l->boot);
	return status;
}

int cmd_pack_layout(int argc, char **argv)
{
	static const struct option long_options[] = {
		{ "output", required_argument, NULL, 'o' },
		{ "url", required_argument, NULL, 'u' },
		{ "profile", required_argument, NULL, 'p' },
		{ "of", required_argument, NULL, 'f' },
		{ "probe", no_argument, NULL, 'b' },
		{ NULL, 0, NULL, 0 },
	};
	struct layout_pack l = { .pack = { .url = "URL", .fill = fill, .finish = finish } };
	int c;

	while ((c = getopt_long(argc, argv, "o:u:p:", long_options, NULL)) != -1) {
		switch (c) {
		case 'o':
			l.pack.output = optarg;
			break;
		case 'u':
			l.pack.url = optarg;
			break;
		case 'p':
			l.profile = optarg;
			break;
		case 'f':
			l.of = optarg;
			break;
		case 'b':
			l.probe = true;
			break;
		default:
			return tool_usage_error("pack", "bad option");
		}
	}
	if (l.probe == !!l.profile || (l.of && !l.profile))
		return tool_usage_error("pack", "give --probe, or --profile=FILE with or without --of=PROBE");
	l.pack.input = argv[optind];
	return run(&l);
}
