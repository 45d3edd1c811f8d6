/* SPDX-License-Identifier: MIT
 * Copyright (c) 2026 The rpi-rescue-netboot authors
 *
 * Parses any bytes as a profile.  An accepted profile is the same after it was written and
 * read again; its regions are sorted, separate and inside the image.
 */
#include "config.h"

#include <string.h>

#include "fuzz.h"
#include "profile/draw.h"
#include "common/profile.h"

#define IMAGE_BYTES (1 << 20)

static void check_entries(const struct profile *p)
{
	size_t i;

	REQUIRE(p->count <= PROFILE_MAX_ENTRIES);
	for (i = 0; i < p->count; i++) {
		REQUIRE(p->entries[i].length > 0);
		REQUIRE(p->entries[i].offset <= UINT64_MAX - p->entries[i].length);
	}
	REQUIRE(memchr(p->roothash, 0, sizeof p->roothash));
	REQUIRE(memchr(p->kernel, 0, sizeof p->kernel));
	REQUIRE(memchr(p->recorded, 0, sizeof p->recorded));
}

static char *written(const struct profile *p, size_t *length)
{
	char *text = NULL;
	FILE *to = open_memstream(&text, length);

	REQUIRE(to && !profile_write(p, to) && !fclose(to));
	return text;
}

static void check_round_trip(const struct profile *p)
{
	struct profile again;
	size_t length, length_again;
	char *text = written(p, &length), *text_again, why[128];

	REQUIRE(!profile_parse(text, length, &again, why, sizeof why));
	text_again = written(&again, &length_again);
	REQUIRE(length == length_again && !memcmp(text, text_again, length));
	profile_free(&again);
	free(text);
	free(text_again);
}

static void check_regions(const struct profile *p)
{
	struct profile regions;
	uint64_t end = 0;
	size_t i;

	REQUIRE(!profile_regions(p, IMAGE_BYTES, &regions));
	for (i = 0; i < regions.count; i++) {
		REQUIRE(regions.entries[i].length > 0);
		REQUIRE(!i || regions.entries[i].offset > end);
		end = regions.entries[i].offset + regions.entries[i].length;
		REQUIRE(end <= IMAGE_BYTES);
	}
	profile_free(&regions);
}

static void check_pictures(const struct profile *p)
{
	struct profile regions;
	struct picture picture = { .profile = p, .regions = &regions, .size_bytes = IMAGE_BYTES };
	char *text = NULL;
	size_t length;
	FILE *to = open_memstream(&text, &length);

	REQUIRE(to && !profile_regions(p, IMAGE_BYTES, &regions));
	if (regions.count) {
		REQUIRE(!profile_draw_map(&picture, 40, true, to));
		profile_draw_svg(&picture, to);
	}
	fclose(to);
	free(text);
	profile_free(&regions);
}

int LLVMFuzzerTestOneInput(const uint8_t *bytes, size_t size)
{
	struct profile p;
	char why[128] = "";
	int err = profile_parse((const char *)bytes, size, &p, why, sizeof why);

	REQUIRE(!err == !why[0] && memchr(why, 0, sizeof why));
	check_entries(&p);
	if (!err && p.count < 1000) {
		check_round_trip(&p);
		check_regions(&p);
		check_pictures(&p);
	}
	profile_free(&p);
	return 0;
}
