/* SPDX-License-Identifier: MIT
 * Copyright (c) 2026 The rpi-rescue-netboot authors
 */
#include "config.h"

#include <stdio.h>
#include <string.h>

#include "tool/commands.h"

static const struct command {
	const char *name;
	int (*run)(int argc, char **argv);
	const char *summary;
} commands[] = {
	{ "pack", cmd_pack, "append a hash tree to an image and print its root hash" },
	{ "verify", cmd_verify, "check a file or an origin against a root hash" },
	{ "serve", cmd_serve, "serve an image from its origins as an NBD device" },
	{ "mount", cmd_mount, "mount an image with FUSE; needs no root" },
	{ "status", cmd_status, "show the status of a served image" },
	{ "materialize", cmd_materialize, "fetch the whole image that is served" },
	{ "profile", cmd_profile, "record, draw and translate what a boot reads" },
	{ "attach", cmd_attach, "attach a served image to a block device of the kernel" },
	{ "jail", cmd_jail, "run a server in a sandbox, for the root file system" },
	{ "rdnss", cmd_rdnss, "print the name servers of IPv6 router advertisements" },
	{ "unlock", cmd_reach, "give a passphrase to a machine in its rescue system" },
	{ "run", cmd_reach, "run a command on a machine in its rescue system" },
	{ "http", cmd_http, "get or put a small file of a web server" },
	{ "fleet", cmd_fleet, "on a web server: decide what each machine boots" },
	{ "boot-local", cmd_rescue, "rescue system: open and boot a root of this machine" },
	{ "boot-stream", cmd_rescue, "rescue system: boot the image on the web server" },
	{ "chroot-root", cmd_rescue, "rescue system: a shell in a root of this machine" },
	{ "mailbox", cmd_rescue, "rescue system: take what farroot unlock and run send" },
	{ "report", cmd_rescue, "rescue system: pack logs and states, without secrets" },
	{ "tools", cmd_rescue, "rescue system: programs that come from a web server" },
};

#define COMMANDS (sizeof commands / sizeof commands[0])

static void help(FILE *to)
{
	size_t i;

	fprintf(to, "Usage: farroot COMMAND [OPTION]...\n"
		"Boots and runs a machine from a root file system on a web server.\n\n");
	for (i = 0; i < COMMANDS; i++)
		fprintf(to, "  %-11s %s\n", commands[i].name, commands[i].summary);
	fprintf(to, "\n  --help     show this; after a command, show its options\n"
		"  --version  show the version\n");
}

int main(int argc, char **argv)
{
	size_t i;

	if (argc < 2) {
		help(stderr);
		return EXIT_USAGE;
	}
	if (!strcmp(argv[1], "--help") || !strcmp(argv[1], "-h")) {
		help(stdout);
		return 0;
	}
	if (!strcmp(argv[1], "--version") || !strcmp(argv[1], "-V")) {
		printf("farroot %s\n", PACKAGE_VERSION);
		return 0;
	}
	for (i = 0; i < COMMANDS; i++)
		if (!strcmp(argv[1], commands[i].name))
			return commands[i].run(argc - 1, argv + 1);
	fprintf(stderr, "farroot: unknown command %s\nTry 'farroot --help'.\n", argv[1]);
	return EXIT_USAGE;
}
