/* SPDX-License-Identifier: MIT
 * Copyright (c) 2026 The rpi-rescue-netboot authors
 */
#include "config.h"

#include <errno.h>
#include <fcntl.h>
#include <linux/dm-ioctl.h>
#include <stddef.h>
#include <stdio.h>
#include <string.h>
#include <sys/ioctl.h>
#include <sys/stat.h>
#include <sys/sysmacros.h>

#include "attach/dm-device.h"

#define DATA_BYTES 16384

struct request {
	struct dm_ioctl head;
	char data[DATA_BYTES];
};

static void prepare(struct request *r, const char *name, uint32_t flags)
{
	memset(r, 0, sizeof *r);
	/* The oldest version that has all of these: the kernel accepts any older minor. */
	r->head.version[0] = DM_VERSION_MAJOR;
	r->head.data_size = sizeof *r;
	r->head.data_start = offsetof(struct request, data);
	r->head.flags = flags;
	if (name)
		snprintf(r->head.name, sizeof r->head.name, "%s", name);
}

static int send_request(int control, unsigned long what, struct request *r)
{
	return ioctl(control, what, r) < 0 ? -errno : 0;
}

static int simple(const struct dm_device *dm, unsigned long what, uint32_t flags)
{
	struct request r;

	prepare(&r, dm->name, flags);
	return send_request(dm->control, what, &r);
}

int dm_control_open(void)
{
	int fd = open("/dev/mapper/control", O_RDWR | O_CLOEXEC);

	return fd < 0 ? -errno : fd;
}

int dm_has_target(int control, const char *target)
{
	struct dm_target_versions *version;
	struct request r;
	size_t at = 0;
	int ret;

	prepare(&r, NULL, 0);
	ret = send_request(control, DM_LIST_VERSIONS, &r);
	if (ret)
		return ret;
	do {
		version = (struct dm_target_versions *)(void *)(r.data + at);
		if (!strncmp(version->name, target, sizeof r.data - at - sizeof *version))
			return 1;
		at += version->next;
	} while (version->next && at + sizeof *version < sizeof r.data);
	return 0;
}

int dm_get_state(const struct dm_device *dm, struct dm_state *out)
{
	const struct dm_target_spec *spec;
	struct request r;
	int ret;

	memset(out, 0, sizeof *out);
	prepare(&r, dm->name, DM_STATUS_TABLE_FLAG | DM_NOFLUSH_FLAG);
	ret = send_request(dm->control, DM_TABLE_STATUS, &r);
	if (ret)
		return ret;
	out->major = major(r.head.dev);
	out->minor = minor(r.head.dev);
	out->has_table = r.head.flags & DM_ACTIVE_PRESENT_FLAG;
	out->has_inactive_table = r.head.flags & DM_INACTIVE_PRESENT_FLAG;
	out->is_suspended = r.head.flags & DM_SUSPEND_FLAG;
	if (out->has_table && r.head.target_count) {
		spec = (const struct dm_target_spec *)(const void *)((const char *)&r + r.head.data_start);
		out->sectors = spec->sector_start + spec->length;
	}
	return 0;
}

static int get_text(const struct dm_device *dm, uint32_t flags, char *text, size_t size)
{
	const char *line;
	struct request r;
	int ret;

	prepare(&r, dm->name, flags | DM_NOFLUSH_FLAG);
	ret = send_request(dm->control, DM_TABLE_STATUS, &r);
	if (ret)
		return ret;
	if (r.head.target_count != 1 || r.head.data_start + sizeof(struct dm_target_spec) >= sizeof r)
		return -EINVAL;
	line = (const char *)&r + r.head.data_start + sizeof(struct dm_target_spec);
	snprintf(text, size, "%.*s", (int)((const char *)(&r + 1) - line), line);
	return 0;
}

int dm_get_status(const struct dm_device *dm, char *text, size_t size)
{
	return get_text(dm, 0, text, size);
}

int dm_get_table(const struct dm_device *dm, char *text, size_t size)
{
	return get_text(dm, DM_STATUS_TABLE_FLAG, text, size);
}

static void set_uuid(struct request *r, const char *name)
{
	snprintf(r->head.uuid, sizeof r->head.uuid, "farroot-%s", name);
}

int dm_create(const struct dm_device *dm)
{
	struct request r;

	prepare(&r, dm->name, 0);
	set_uuid(&r, dm->name);
	return send_request(dm->control, DM_DEV_CREATE, &r);
}

/* udev, when it runs, replaces this node by a link. */
int dm_make_node(const struct dm_device *dm, int dev_fd)
{
	struct dm_state state;
	char path[256];
	int ret = dm_get_state(dm, &state);

	if (ret)
		return ret;
	snprintf(path, sizeof path, "mapper/%s", dm->name);
	if (mknodat(dev_fd, path, S_IFBLK | 0600, makedev(state.major, state.minor)) < 0 && errno != EEXIST)
		return -errno;
	return 0;
}

int dm_remove(const struct dm_device *dm)
{
	return simple(dm, DM_DEV_REMOVE, 0);
}

int dm_remove_ours(int control, const char *name)
{
	struct request r;

	prepare(&r, NULL, 0);
	set_uuid(&r, name);
	return send_request(control, DM_DEV_REMOVE, &r);
}

/* Puts a target at data + *at, and moves *at behind it. */
static int add_target(struct request *r, size_t *at, const struct dm_target *target)
{
	struct dm_target_spec spec = { .sector_start = target->start, .length = target->sectors };
	size_t length = sizeof spec + strlen(target->params) + 1;

	if (strlen(target->type) >= sizeof spec.target_type || length + 7 > sizeof r->data - *at)
		return -E2BIG;
	strcpy(spec.target_type, target->type);
	spec.next = (uint32_t)(length + 7) & ~7u;
	memcpy(r->data + *at, &spec, sizeof spec);
	strcpy(r->data + *at + sizeof spec, target->params);
	*at += spec.next;
	return 0;
}

int dm_load(const struct dm_device *dm, const struct dm_target *targets, unsigned count)
{
	struct request r;
	size_t at = 0;
	int ret = 0;

	prepare(&r, dm->name, DM_READONLY_FLAG);
	for (; ret == 0 && r.head.target_count < count; r.head.target_count++)
		ret = add_target(&r, &at, &targets[r.head.target_count]);
	return ret ? ret : send_request(dm->control, DM_TABLE_LOAD, &r);
}

int dm_clear(const struct dm_device *dm)
{
	return simple(dm, DM_TABLE_CLEAR, 0);
}

int dm_swap(const struct dm_device *dm)
{
	return simple(dm, DM_DEV_SUSPEND, DM_NOFLUSH_FLAG | DM_SKIP_LOCKFS_FLAG);
}

int dm_message(const struct dm_device *dm, const char *message)
{
	struct dm_target_msg target = { .sector = 0 };
	struct request r;

	if (strlen(message) >= sizeof r.data - sizeof target)
		return -E2BIG;
	prepare(&r, dm->name, 0);
	memcpy(r.data, &target, sizeof target);
	strcpy(r.data + sizeof target, message);
	return send_request(dm->control, DM_TARGET_MSG, &r);
}
