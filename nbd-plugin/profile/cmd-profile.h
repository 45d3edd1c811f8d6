/* SPDX-License-Identifier: MIT
 * Copyright (c) 2026 The rpi-rescue-netboot authors
 *
 * The subcommands of farroot profile, one file each, and what they share.  Each
 * takes its own argv and returns the exit status of the process; its name for
 * messages is "profile NAME".
 */
#ifndef FARROOT_CMD_PROFILE_H
#define FARROOT_CMD_PROFILE_H

#include <stddef.h>

#include "common/file-list.h"
#include "common/profile.h"

int cmd_profile_record(int argc, char **argv);
int cmd_profile_show(int argc, char **argv);
int cmd_profile_files(int argc, char **argv);

/* Reads a profile from a file, "-" being standard input.  Returns 0, or -1 having
 * said what is wrong; of one with a fault nothing is kept.  Free out with
 * profile_free.
 */
int profile_load(const char *command, const char *path, struct profile *out);
/* Likewise a list of files; free out with file_list_free. */
int file_list_load(const char *command, const char *path, struct file_list *out);

/* Writes it to a file, which appears under its name when it is whole, or to
 * standard output (path NULL or "-").  Returns 0, or -1 having said why not.
 */
int profile_save(const char *command, const char *path, const struct profile *profile);

/* What the program profile-boot is to be told, KEY=VALUE. */
#define PROFILE_BOOT_ARGS 32

struct profile_boot {
	char *args[PROFILE_BOOT_ARGS];
	size_t count;
};

/* Returns 0 or -ENOMEM. */
int profile_boot_add(struct profile_boot *boot, const char *key, const char *value);
/* Becomes profile-boot, which boots kernel, initrd and image in a virtual machine
 * and saves the profile to output, NULL being IMAGE.profile; or returns the exit
 * status, having said why not.
 */
int profile_boot(struct profile_boot *boot, char *const files[3], const char *output);

#endif
