/* SPDX-License-Identifier: MIT
 * Copyright (c) 2026 The rpi-rescue-netboot authors
 */
#include "config.h"

#include <errno.h>
#include <stdio.h>
#include <string.h>
#include <sys/mount.h>

#include "fuse/mount-options.h"

/* Options with a flag of mount(2): on sets it. */
static const struct flag {
	const char *name;
	unsigned long flag;
	bool on;
} flags[] = {
	{ "nosuid", MS_NOSUID, true },	{ "suid", MS_NOSUID, false },
	{ "nodev", MS_NODEV, true },	{ "dev", MS_NODEV, false },
	{ "noexec", MS_NOEXEC, true },	{ "exec", MS_NOEXEC, false },
	{ "noatime", MS_NOATIME, true },
};

/* Options for mount(8) and systemd, or that change nothing, because an image is read-only. */
static const char *const ignored[] = {
	"ro", "defaults", "auto", "noauto", "nofail", "_netdev", "user", "nouser", "users", "owner",
	"group", "async", "sync", "atime", "relatime", "norelatime", "strictatime", "nostrictatime",
	"diratime", "nodiratime", "lazytime", "nolazytime", "silent", "loud", "default_permissions",
};

void mount_options_init(struct mount_options *o)
{
	memset(o, 0, sizeof *o);
	o->flags = MS_NOSUID | MS_NODEV;	/* as libfuse */
}

static bool add(char *list, const char *option)
{
	size_t length = strlen(list);

	return snprintf(list + length, MOUNT_OPTIONS_TEXT - length, "%s%s", length ? "," : "", option) <
	       (int)(MOUNT_OPTIONS_TEXT - length);
}

static bool is_ignored(const char *option)
{
	size_t i;

	if (!strncmp(option, "x-", 2) || !strncmp(option, "X-", 2) || !strncmp(option, "comment=", 8))
		return true;
	for (i = 0; i < sizeof ignored / sizeof ignored[0]; i++)
		if (!strcmp(option, ignored[i]))
			return true;
	return !*option;
}

/* Returns 0; -ENOENT: none of these. */
static int take_flag(struct mount_options *o, const char *option)
{
	size_t i;

	for (i = 0; i < sizeof flags / sizeof flags[0]; i++) {
		if (strcmp(option, flags[i].name))
			continue;
		o->flags = flags[i].on ? o->flags | flags[i].flag : o->flags & ~flags[i].flag;
		return add(o->for_image, option) && add(o->for_tree, option) ? 0 : -E2BIG;
	}
	return -ENOENT;
}

static int take(struct mount_options *o, char *option,
		int (*set)(void *ctx, const char *key, const char *value, char *why, size_t why_size),
		void *ctx, char *why, size_t why_size)
{
	char *equals = strchr(option, '=');
	int err;

	if (is_ignored(option))
		return 0;
	if (!strcmp(option, "tree")) {
		o->tree = true;
		return 0;
	}
	if (!strcmp(option, "allow_other") || !strcmp(option, "auto_unmount")) {
		if (!strcmp(option, "allow_other"))
			o->allow_other = true;
		else
			o->auto_unmount = true;
		return add(o->for_tree, option) ? 0 : -E2BIG;
	}
	err = take_flag(o, option);
	if (err != -ENOENT)
		return err;
	if (!strncmp(option, "fsname=", 7)) {
		snprintf(o->fsname, sizeof o->fsname, "%s", option + 7);
		return 0;
	}
	if (equals && equals > option) {
		*equals = '\0';
		return set(ctx, option, equals + 1, why, why_size);
	}
	if (!strcmp(option, "rw"))
		snprintf(why, why_size, "-o rw: an image is read-only");
	else
		snprintf(why, why_size, "-o %s: unknown option", option);
	return -EINVAL;
}

/* Cuts the first option off the list; returns the others, or NULL. */
static char *cut(char *option)
{
	char *from = option, *to = option;

	while (*from && *from != ',') {
		if (from[0] == '\\' && (from[1] == ',' || from[1] == '\\'))
			from++;
		*to++ = *from++;
	}
	option = *from ? from + 1 : NULL;
	*to = '\0';
	return option;
}

int mount_options_parse(struct mount_options *o, char *list,
			int (*set)(void *ctx, const char *key, const char *value, char *why, size_t why_size),
			void *ctx, char *why, size_t why_size)
{
	char *option, *next;
	int err = 0;

	for (option = list; option && !err; option = next) {
		next = cut(option);
		err = take(o, option, set, ctx, why, why_size);
		if (err == -E2BIG)
			snprintf(why, why_size, "-o: too many options");
	}
	return err;
}

/* A URL without its user and password, and without what separates options. */
static void write_source(const char *source, char *out, size_t size)
{
	const char *scheme_end = strstr(source, "://"), *at = NULL, *host;
	size_t used = 0;

	if (scheme_end) {
		host = scheme_end + 3;
		at = memchr(host, '@', strcspn(host, "/?#"));
	}
	if (at) {
		used = (size_t)snprintf(out, size, "%.*s", (int)(scheme_end + 3 - source), source);
		source = at + 1;
	}
	for (; *source && used + 1 < size; source++)
		out[used++] = strchr(",\\\"", *source) || (unsigned char)*source <= ' ' ? '_' : *source;
	out[used < size ? used : size - 1] = '\0';
}

int mount_options_for_image(const struct mount_options *o, const char *source, char *out, size_t size)
{
	char name[512];
	int length;

	write_source(*o->fsname ? o->fsname : source, name, sizeof name);
	length = snprintf(out, size, "ro,default_permissions,subtype=farroot,fsname=%s%s%s%s%s", name,
			  o->allow_other && !o->tree ? ",allow_other" : "",
			  o->auto_unmount && !o->tree ? ",auto_unmount" : "",
			  *o->for_image ? "," : "", o->for_image);
	return length >= (int)size ? -1 : 0;
}
