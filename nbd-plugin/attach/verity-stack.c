/* SPDX-License-Identifier: MIT
 * Copyright (c) 2026 The rpi-rescue-netboot authors
 */
#include "config.h"

#include <errno.h>
#include <inttypes.h>
#include <stdio.h>
#include <string.h>

#include "attach/dm-device.h"
#include "attach/loop-device.h"
#include "attach/verity-stack.h"
#include "common/options.h"
#include "engine/verity/image-info.h"

#define SECTOR_BYTES 512
#define NAME_BYTES 128
#define PARAMS_BYTES 1024

static void name_of(const char *name, const char *ending, char out[NAME_BYTES])
{
	snprintf(out, NAME_BYTES, "%s.%s", name, ending);
}

/* A machine whose memory has rotted restarts, and fetches the image again: an error would stay with
 * multipath, which waits for another path.
 */
static void verity_params(const struct verity *v, int loop, const char *roothash, char out[PARAMS_BYTES])
{
	char salt[2 * VERITY_SALT_MAX + 1] = "-";
	size_t i;

	for (i = 0; i < v->salt_size; i++)
		snprintf(salt + 2 * i, 3, "%02x", v->salt[i]);
	snprintf(out, PARAMS_BYTES, "1 %d:%d %d:%d %d %d %" PRIu64 " %" PRIu64 " sha256 %s %s 1 restart_on_corruption",
		 LOOP_DEVICE_MAJOR, loop, LOOP_DEVICE_MAJOR, loop, VERITY_BLOCK_SIZE, VERITY_BLOCK_SIZE,
		 v->data_blocks, v->data_blocks + 1, roothash, salt);
}

static int make(const struct dm_device *dm, const struct dm_target *targets, unsigned count, struct dm_state *state)
{
	int ret = dm_create(dm);

	if (ret == 0)
		ret = dm_load(dm, targets, count);
	if (ret == 0)
		ret = dm_swap(dm);
	return ret ? ret : dm_get_state(dm, state);
}

static int make_both(int control, const char *name, int loop, const struct verity *v, uint64_t size_bytes,
		     const char *roothash, uint32_t *minor)
{
	uint64_t data = v->data_blocks * (VERITY_BLOCK_SIZE / SECTOR_BYTES), all = size_bytes / SECTOR_BYTES;
	char params[PARAMS_BYTES], below[NAME_BYTES], above[NAME_BYTES], on_verity[64], on_loop[64];
	const struct dm_device verity = { control, below }, whole = { control, above };
	const struct dm_target check = { .type = "verity", .sectors = data, .params = params };
	const struct dm_target parts[] = {
		{ .type = "linear", .sectors = data, .params = on_verity },
		{ .type = "linear", .start = data, .sectors = all - data, .params = on_loop },
	};
	struct dm_state state;
	int ret;

	name_of(name, "verity", below);
	name_of(name, "whole", above);
	verity_params(v, loop, roothash, params);
	ret = make(&verity, &check, 1, &state);
	if (ret)
		return ret;
	snprintf(on_verity, sizeof on_verity, "%u:%u 0", state.major, state.minor);
	snprintf(on_loop, sizeof on_loop, "%d:%d %" PRIu64, LOOP_DEVICE_MAJOR, loop, data);
	ret = make(&whole, parts, 2, &state);
	*minor = state.minor;
	return ret;
}

int verity_stack_make(int dm_control, const char *name, int loop, int file_fd, uint64_t size_bytes,
		      const char *roothash, uint32_t *minor)
{
	uint8_t root[VERITY_DIGEST_SIZE];
	struct verity v = { 0 };
	int ret;

	if (parse_roothash(roothash, root) || image_tree_open(file_fd, size_bytes, root, &v))
		return -EINVAL;
	verity_stack_remove(dm_control, name);
	ret = make_both(dm_control, name, loop, &v, size_bytes, roothash, minor);
	if (ret)
		verity_stack_remove(dm_control, name);
	verity_free(&v);
	return ret;
}

void verity_stack_remove(int dm_control, const char *name)
{
	char part[NAME_BYTES];

	name_of(name, "whole", part);
	dm_remove_ours(dm_control, part);
	name_of(name, "verity", part);
	dm_remove_ours(dm_control, part);
}
