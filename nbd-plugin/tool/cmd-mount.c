/* SPDX-License-Identifier: MIT
 * Copyright (c) 2026 The rpi-rescue-netboot authors
 *
 * farroot mount is the helper program farroot-fuse, because no initramfs should carry
 * libfuse3.  Only the status is shown here.
 */
#include "config.h"

#include <limits.h>
#include <stdbool.h>
#include <stdio.h>
#include <string.h>

#include "tool/commands.h"
#include "tool/mount-place.h"

static int show_status(int argc, char **argv)
{
	char folder[PATH_MAX], socket[PATH_MAX];
	char *args[] = { (char *)"status", (char *)"--socket", socket, argv[2], NULL };
	int err;

	if (argc != 3 && !(argc == 4 && !strcmp(argv[2], "--json")))
		return tool_usage_error("mount", "--status: name the folder DIR, after --json if you want that");
	err = mount_place_resolve(argv[argc - 1], folder);
	if (!err)
		err = mount_place_socket(folder, socket, sizeof socket);
	if (err) {
		fprintf(stderr, "farroot mount: %s: %s\n", argv[argc - 1], strerror(-err));
		return 1;
	}
	return cmd_status(argc == 4 ? 4 : 3, args);
}

int cmd_mount(int argc, char **argv)
{
	int status;

	if (argc > 1 && !strcmp(argv[1], "--status"))
		return show_status(argc, argv);
	status = helper_program_run(argv[0], HELPER_FUSE, (size_t)argc, argv);
	fprintf(stderr, "Install the package farroot-fuse: apt-get install farroot-fuse\n");
	return status;
}
