/* SPDX-License-Identifier: MIT
 * Copyright (c) 2026 The rpi-rescue-netboot authors
 */
#include "config.h"

#include <errno.h>
#include <sys/mount.h>

#include "check.h"
#include "fuse/mount-options.h"

static struct mount_options options;
static char given[256], why[256];

static int set(void *ctx, const char *key, const char *value, char *message, size_t size)
{
	(void)ctx;
	snprintf(message, size, "refused");
	if (!strcmp(key, "bad"))
		return -EINVAL;
	snprintf(given + strlen(given), sizeof given - strlen(given), "%s=%s;", key, value);
	return 0;
}

static int parse(const char *text)
{
	char list[2048];

	snprintf(list, sizeof list, "%s", text);
	given[0] = why[0] = '\0';
	mount_options_init(&options);
	return mount_options_parse(&options, list, set, NULL, why, sizeof why);
}

static const char *for_image(const char *list, const char *source)
{
	static char out[4096];

	CHECK_EQ(parse(list), 0);
	CHECK_EQ(mount_options_for_image(&options, source, out, sizeof out), 0);
	return out;
}

int main(void)
{
	char many[2048] = "";

	CHECK_EQ(parse(""), 0);
	CHECK(options.flags == (MS_NOSUID | MS_NODEV));
	CHECK_EQ(parse("ro,noauto,_netdev,x-systemd.mount-timeout=infinity,comment=a b,,user"), 0);
	CHECK_STR(given, "");
	CHECK_STR(options.for_image, "");

	CHECK_EQ(parse("suid,dev,noexec,tree,allow_other,auto_unmount"), 0);
	CHECK(options.flags == MS_NOEXEC);
	CHECK(options.tree && options.allow_other && options.auto_unmount);
	CHECK_STR(options.for_image, "suid,dev,noexec");
	CHECK_STR(options.for_tree, "suid,dev,noexec,allow_other,auto_unmount");

	CHECK_EQ(parse("roothash=12,header=A: b\\, c,user-agent=a\\\\b,url=http://x/?a=b"), 0);
	CHECK_STR(given, "roothash=12;header=A: b, c;user-agent=a\\b;url=http://x/?a=b;");

	CHECK_EQ(parse("ro,rw"), -EINVAL);
	CHECK_SAYS(why, "read-only");
	CHECK_EQ(parse("frob"), -EINVAL);
	CHECK_SAYS(why, "-o frob: unknown option");
	CHECK_EQ(parse("=x"), -EINVAL);
	CHECK_EQ(parse("bad=1,frob"), -EINVAL);
	CHECK_STR(why, "refused");
	while (strlen(many) + 16 < sizeof many)
		strcat(many, "nodev,nosuid,");
	CHECK_EQ(parse(many), -E2BIG);
	CHECK_SAYS(why, "too many options");

	CHECK_STR(for_image("", "http://h/a"), "ro,default_permissions,subtype=farroot,fsname=http://h/a");
	CHECK_STR(for_image("allow_other", "f"),
		  "ro,default_permissions,subtype=farroot,fsname=f,allow_other");
	/* The tree gets it, and the image stays private. */
	CHECK_STR(for_image("allow_other,tree", "f"), "ro,default_permissions,subtype=farroot,fsname=f");
	CHECK_STR(for_image("fsname=name,noexec", "http://h/a"),
		  "ro,default_permissions,subtype=farroot,fsname=name,noexec");
	/* Every user can read the mount table. */
	CHECK_STR(for_image("", "https://user:pass@h/a@b"),
		  "ro,default_permissions,subtype=farroot,fsname=https://h/a@b");
	CHECK_STR(for_image("", "http://h/a,suid b\\"),
		  "ro,default_permissions,subtype=farroot,fsname=http://h/a_suid_b_");
	return 0;
}
