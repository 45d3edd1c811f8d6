/* SPDX-License-Identifier: MIT
 * Copyright (c) 2026 The rpi-rescue-netboot authors
 *
 * The helper program that farroot(1) runs for farroot mount: the command line, and the
 * process that the user waits for.
 */
#include "config.h"

#include <errno.h>
#include <getopt.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

#include "common/secret.h"
#include "fuse/cmd-umount.h"
#include "fuse/mount-table.h"
#include "fuse/server.h"
#include "fuse/tree-mount.h"
#include "tool/commands.h"
#include "tool/mount-place.h"

static void help(void)
{
	printf("Usage: farroot mount URL [MIRROR]... DIR roothash=HEX [KEY=VALUE]... [OPTION]...\n"
	       "       farroot mount FILE DIR roothash=HEX [OPTION]...\n"
	       "       farroot mount --umount DIR\n"
	       "       farroot mount --status [--json] DIR\n"
	       "Mounts an image with FUSE: DIR has one file, image.  Needs no root.\n\n"
	       "  -t, --tree         mount the file system in the image on DIR\n"
	       "  -f, --foreground   stay in the foreground\n"
	       "  -o OPTION[,...]    allow_other, auto_unmount, fsname=NAME, tree, options of\n"
	       "                     mount(8), and KEY=VALUE\n"
	       "  -u, --umount       unmount DIR\n"
	       "      --status       show the status, as farroot status does\n"
	       "      --help         show this\n\n"
	       "KEY=VALUE are the parameters of nbdkit-farroot-plugin(1).  Defaults here:\n"
	       "fill=no, profile=none and a status socket for --status.\n");
}

/* Relative paths must be resolved now: the server changes its folder. */
static int set_path(struct options *options, const char *key, const char *path, char *why, size_t why_size)
{
	char *folder = *path && *path != '/' ? getcwd(NULL, 0) : NULL, *absolute = NULL;
	int err = -ENOMEM;

	if (!folder)
		return options_set(options, key, path, why, why_size);
	if (asprintf(&absolute, "%s/%s", folder, path) >= 0)
		err = options_set(options, key, absolute, why, why_size);
	free(absolute);
	free(folder);
	return err;
}

static int set(void *ctx, const char *key, const char *value, char *why, size_t why_size)
{
	struct options *options = ctx;

	if (secret_is_key(key))
		return secret_set(options, key, value, why, why_size);
	if (options_is_path(key, value))
		return set_path(options, key, value, why, why_size);
	return options_set(options, key, value, why, why_size);
}

/* Whether an argument is KEY=VALUE, not a path. */
static bool is_parameter(const char *arg)
{
	size_t length = strspn(arg, "abcdefghijklmnopqrstuvwxyz0123456789-");

	return length && arg[length] == '=';
}

struct arguments {
	struct mount_request *request;
	const char *paths[2];
	int path_count;
	bool umount;
};

static int take_argument(struct arguments *a, char *arg, char *why, size_t why_size)
{
	struct options *options = &a->request->options;
	char *equals;
	int err;

	if (parse_is_url(arg) && !is_parameter(arg))
		return options_set(options, "url", arg, why, why_size);
	if (is_parameter(arg)) {
		equals = strchr(arg, '=');
		*equals = '\0';
		err = set(options, arg, equals + 1, why, why_size);
		*equals = '=';
		return err;
	}
	if (a->path_count == 2) {
		snprintf(why, why_size, "%s: too many arguments", arg);
		return -EINVAL;
	}
	a->paths[a->path_count++] = arg;
	return 0;
}

/* Returns -1 to continue, or the exit status. */
static int parse_options(struct arguments *a, int argc, char **argv)
{
	static const struct option long_options[] = {
		{ "tree", no_argument, NULL, 't' },
		{ "foreground", no_argument, NULL, 'f' },
		{ "options", required_argument, NULL, 'o' },
		{ "umount", no_argument, NULL, 'u' },
		{ "help", no_argument, NULL, 'h' },
		{ NULL, 0, NULL, 0 },
	};
	struct mount_request *r = a->request;
	char why[512] = "out of memory";
	int c;

	while ((c = getopt_long(argc, argv, "tfo:uh", long_options, NULL)) != -1) {
		switch (c) {
		case 't':
			r->mount.tree = true;
			break;
		case 'f':
			r->foreground = true;
			break;
		case 'o':
			if (mount_options_parse(&r->mount, optarg, set, &r->options, why, sizeof why))
				return tool_usage_error("mount", "%s", why);
			break;
		case 'u':
			a->umount = true;
			break;
		case 'h':
			help();
			return 0;
		default:
			return tool_usage_error("mount", "bad option");
		}
	}
	return -1;
}

/* The settings that belong together.  Returns 0, or -EINVAL with a message in why. */
static int check_settings(const struct arguments *a, char *why, size_t why_size)
{
	const struct mount_request *r = a->request;

	if (a->path_count < (r->options.url_count ? 1 : 2)) {
		snprintf(why, why_size, "name %s to mount on", a->path_count ? "an image and a folder DIR" :
			 r->options.url_count ? "a folder DIR" : "a URL or a FILE, and a folder DIR");
		return -EINVAL;
	}
	if (r->options.url_count && a->path_count > 1) {
		snprintf(why, why_size, "%s: give a URL or a FILE, not both", a->paths[0]);
		return -EINVAL;
	}
	if (r->mount.tree && r->mount.auto_unmount && !geteuid()) {
		snprintf(why, why_size, "-o auto_unmount: not with --tree, because the kernel mounts the tree");
		return -EINVAL;
	}
	if (r->options.url_count)
		return options_check(&r->options, why, why_size);
	if (r->options.have_roothash != r->options.verify_none)
		return 0;
	snprintf(why, why_size, r->options.verify_none ?
		 "roothash= and verify=none contradict each other; give one of them" :
		 "roothash= is required (farroot pack prints it), or verify=none, which does not verify the image");
	return -EINVAL;
}

/* Returns 0, or -1 after a message. */
static int find_folder(struct mount_request *r, const char *folder)
{
	int err = mount_place_resolve(folder, r->folder);
	struct mount_entry entry;
	struct stat st;

	if (!err && mount_table_find(r->folder, &entry)) {
		fprintf(stderr, "farroot mount: %s: a mount point already, of %s; unmount it first: farroot mount --umount %s\n",
			folder, entry.source, folder);
		return -1;
	}
	if (!err && stat(r->folder, &st))
		err = -errno;
	if (!err && !S_ISDIR(st.st_mode))
		err = -ENOTDIR;
	if (err)
		fprintf(stderr, "farroot mount: %s: %s%s\n", folder, strerror(-err),
			err == -ENOENT ? "; make it with mkdir" : "");
	return err ? -1 : 0;
}

/* The status socket and, for a tree, the folder for the image.  Returns 0, or -1 after a
 * message.
 */
static int make_places(struct mount_request *r)
{
	char runtime[PATH_MAX - 32] = "";
	int err = mount_place_runtime(runtime, sizeof runtime);

	if (!err && !r->file && !r->options.status_path)
		err = mount_place_socket(r->folder, r->socket, sizeof r->socket);
	if (!err && r->mount.tree) {
		snprintf(r->hidden, sizeof r->hidden, "%s/tree-XXXXXX", runtime);
		if (!mkdtemp(r->hidden)) {
			err = -errno;
			*r->hidden = '\0';
		}
	}
	if (!err)
		return 0;
	fprintf(stderr, "farroot mount: %s: %s%s\n", runtime,
		err == -EPERM ? "must be a folder of this user, which others may not change" : strerror(-err),
		r->mount.tree ? "" : "; there is no --status");
	*r->socket = '\0';
	return r->mount.tree ? -1 : 0;
}

/* Waits until the server is ready, and mounts the tree. */
static int attend(const struct mount_request *r, struct control *control)
{
	char image[PATH_MAX + 8];
	bool is_good = control_heard(control);

	if (is_good && *r->hidden) {
		snprintf(image, sizeof image, "%s/image", r->hidden);
		is_good = !tree_mount(image, r->folder, &r->mount);
		/* What uses the image has opened it. */
		mount_table_unmount(r->hidden, true);
		rmdir(r->hidden);
	}
	if (is_good) {
		control_tell(control);
		control_close(control, false);
		return EXIT_SUCCESS;
	}
	control_close(control, true);
	return EXIT_FAILURE;
}

static int start(struct mount_request *r)
{
	struct control control = { .fd = -1, .is_server = true };
	int err = 0, status;

	if (!r->foreground || r->mount.tree)
		err = control_fork(&control, r->foreground);
	if (err) {
		fprintf(stderr, "farroot mount: cannot fork: %s\n", strerror(-err));
		return EXIT_FAILURE;
	}
	if (!control.is_server)
		return attend(r, &control);
	status = server_run(r, &control);
	control_close(&control, true);
	return status;
}

static int cmd_mount_by_fuse(int argc, char **argv)
{
	static struct mount_request request;
	struct arguments a = { .request = &request };
	char why[512] = "out of memory";
	int status, err = 0;

	mount_options_init(&request.mount);
	options_init(&request.options);
	/* To look into an image, neither all of it nor what a boot reads is needed. */
	if (options_set(&request.options, "fill", "no", why, sizeof why) ||
	    options_set(&request.options, "profile", "none", why, sizeof why))
		return tool_usage_error("mount", "%s", why);
	status = parse_options(&a, argc, argv);
	for (; status < 0 && !err && optind < argc; optind++)
		err = take_argument(&a, argv[optind], why, sizeof why);
	if (status < 0 && !err && a.umount && (a.path_count != 1 || request.options.url_count)) {
		snprintf(why, sizeof why, "--umount: name one folder DIR");
		err = -EINVAL;
	}
	if (status < 0 && !err && !a.umount)
		err = check_settings(&a, why, sizeof why);
	if (err)
		status = tool_usage_error("mount", "%s", why);
	else if (status < 0 && a.umount)
		status = cmd_umount(a.paths[0]);
	if (status < 0) {
		request.file = request.options.url_count ? NULL : a.paths[0];
		if ((request.mount.tree && !tree_is_possible()) ||
		    find_folder(&request, a.paths[request.file ? 1 : 0]) || make_places(&request))
			status = EXIT_FAILURE;
		else
			status = start(&request);
	}
	options_free(&request.options);
	return status;
}

int main(int argc, char **argv)
{
	if (argc > 1 && !strcmp(argv[1], "mount"))
		return cmd_mount_by_fuse(argc - 1, argv + 1);
	fprintf(stderr, "farroot-fuse: do not run this directly; farroot runs it\n");
	return EXIT_USAGE;
}
