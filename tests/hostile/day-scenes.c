/* SPDX-License-Identifier: MIT
 * Copyright (c) 2026 The rpi-rescue-netboot authors
 *
 * The days that fault-days tries: one for each kind of fault, and those of this table; each of them with
 * the origin alone, and before a good one.
 */
#include "config.h"

#include "day.h"
#include "hostile-faults.h"

#define IMAGE_BLOCKS 700
/* More than the cache of is_read_anew holds. */
#define IMAGE_BLOCKS_ANEW 2800
/* A block of the lowest level of the tree of IMAGE_BLOCKS, and its top. */
#define TREE_BLOCK (IMAGE_BLOCKS + 1 + 3)
#define TREE_TOP (IMAGE_BLOCKS + 1)

#define NO_PROFILE .profile = PROFILE_REFUSED, .profile_status = 404
#define REFUSED(status) .nature = { .profile = PROFILE_REFUSED, .profile_status = (status) }
#define NATURE(...) .nature = { NO_PROFILE, __VA_ARGS__ }
#define FAULT(kind) .kinds = HOSTILE_BIT(HOSTILE_##kind)
#define READ_ANEW .is_read_anew = true
/* Every read must be served. */
#define SERVES READ_ANEW, .serves = true

static const struct day days[] = {
	{ .name = "well", REFUSED(404), .serves = true },
	{ .name = "well, small cache", REFUSED(404), SERVES },
	{ .name = "well, name looked up slowly", REFUSED(404), SERVES, .slow_name = true },
	{ .name = "name unknown", .dead = DEAD_NAME_UNKNOWN },
	{ .name = "name silent", .dead = DEAD_NAME_SILENT },
	{ .name = "address silent", .dead = DEAD_ADDRESS_SILENT },
	{ .name = "profile refused with 403", REFUSED(403), SERVES },
	{ .name = "profile refused with 429", REFUSED(429), SERVES },
	{ .name = "profile refused with 503", REFUSED(503), SERVES },
	{ .name = "profile refused with 429 and Retry-After", SERVES,
	  .nature = { .profile = PROFILE_REFUSED, .profile_status = 429, .profile_wait_s = 30 } },
	{ .name = "profile without an end", SERVES, .nature = { .profile = PROFILE_ENDLESS } },
	{ .name = "slow profile", SERVES, .nature = { .profile = PROFILE_SLOW } },
	{ .name = "slow profile, one request at once, else 503", SERVES,
	  .nature = { .profile = PROFILE_SLOW, .limit = 1, .limit_status = 503 } },
	{ .name = "profile of overlapping lines", .nature = { .profile = PROFILE_OVERLAPS } },
	{ .name = "profile of another image", .nature = { .profile = PROFILE_STALE } },
	{ .name = "targets expire after 1 s", SERVES, NATURE(.target_ms = 1000, .target_status = 403) },
	{ .name = "targets expire after 5 min", SERVES, NATURE(.target_ms = 300000, .target_status = 404) },
	{ .name = "one request at once, else 503", SERVES, NATURE(.limit = 1, .limit_status = 503) },
	{ .name = "two connections at once", SERVES, NATURE(.limit = 2) },
	{ .name = "stale cache that heeds no-cache", SERVES, NATURE(.stale_percent = 30, .asks_again = true) },
	{ .name = "stale cache of another size that heeds no-cache", SERVES,
	  NATURE(.stale_percent = 30, .stale_more = 81920, .asks_again = true) },
	{ .name = "a few stale slices", NATURE(.stale_percent = 10) },
	{ .name = "half of the slices stale", NATURE(.stale_percent = 50) },
	{ .name = "half of the slices stale, small cache", READ_ANEW, NATURE(.stale_percent = 50) },
	{ .name = "another image", NATURE(.stale_percent = 100) },
	{ .name = "another image, larger", NATURE(.stale_percent = 100, .stale_more = 81920) },
	{ .name = "a bad block", NATURE(.sick_block = 300, .sick_blocks = 1) },
	{ .name = "a bad block of the tree", NATURE(.sick_block = TREE_BLOCK, .sick_blocks = 1) },
	{ .name = "a bad top of the tree", NATURE(.sick_block = TREE_TOP, .sick_blocks = 1) },
	{ .name = "404 with 1 MB", NATURE(.page_bytes = 1 << 20), FAULT(404) },
	{ .name = "redirects with 1 MB", NATURE(.page_bytes = 1 << 20), FAULT(REDIRECT_LOOP) },
	{ .name = "503 for 10 min, well for 10 min", REFUSED(404), READ_ANEW, FAULT(503), .turn_minutes = 10 },
	{ .name = "resets for 2 min, well for 2 min", REFUSED(404), READ_ANEW, FAULT(RESET), .turn_minutes = 2 },
	{ .name = "all faults by turns", REFUSED(404), READ_ANEW, .kinds = HOSTILE_ALL },
};

#define DAYS (sizeof days / sizeof days[0])

unsigned day_scenes(void)
{
	return 2 * (DAYS + HOSTILE_KINDS - 1);
}

struct day day_scene(unsigned number)
{
	enum hostile_kind kind = (enum hostile_kind)(number / 2 + 1 - DAYS);
	struct day day = { REFUSED(404) };

	if (number / 2 < DAYS) {
		day = days[number / 2];
	} else {
		day.name = hostile_kind_name(kind);
		day.kinds = HOSTILE_BIT(kind);
	}
	day.seed = day.nature.seed = number;
	day.beside_good = number % 2;
	day.image_blocks = day.is_read_anew ? IMAGE_BLOCKS_ANEW : IMAGE_BLOCKS;
	return day;
}
