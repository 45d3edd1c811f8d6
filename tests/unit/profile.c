/* SPDX-License-Identifier: MIT
 * Copyright (c) 2026 The rpi-rescue-netboot authors
 */
#include "config.h"

#include <errno.h>

#include "check.h"
#include "common/profile.h"

static int parse(const char *text, struct profile *out, char why[128])
{
	why[0] = '\0';
	return profile_parse(text, strlen(text), out, why, 128);
}

static void takes_what_it_writes(void)
{
	struct profile p = { .roothash = "ab12", .kernel = "6.12" }, back;
	char text[512] = "", why[128];
	FILE *to = fmemopen(text, sizeof text, "w");

	CHECK_EQ(profile_add(&p, 8192, 4096), 0);
	CHECK_EQ(profile_add(&p, 12288, 4096), 0);	/* goes on */
	CHECK_EQ(profile_add(&p, 0, 4096), 0);
	CHECK_EQ(profile_write(&p, to), 0);
	fclose(to);
	CHECK_STR(text, "# farroot profile\n# roothash=ab12\n# kernel=6.12\n"
		  "8192 8192\n0 4096\n");
	CHECK_EQ(parse(text, &back, why), 0);
	CHECK_STR(back.roothash, "ab12");
	CHECK_STR(back.kernel, "6.12");
	CHECK_EQ(back.count, 2);
	CHECK_EQ(back.entries[0].offset, 8192);
	CHECK_EQ(back.entries[0].length, 8192);
	CHECK_EQ(back.entries[1].offset, 0);
	profile_free(&p);
	profile_free(&back);
}

static void takes_what_people_write(void)
{
	struct profile p;
	char why[128];

	CHECK_EQ(parse("\r\n  # note\n\n 4096\t1 \r\n0 5", &p, why), 0);
	CHECK_EQ(p.count, 2);
	CHECK_STR(p.roothash, "");
	profile_free(&p);
	CHECK_EQ(parse("", &p, why), 0);
	CHECK_EQ(p.count, 0);
}

static void keeps_what_came_before_a_fault(void)
{
	static const char *const wrong[] = {
		"0 4096\nx 4096\n", "0 4096\n4096\n", "0 4096\n4096 \n",
		"0 4096\n-1 4096\n", "0 4096\n1 2 3\n", "0 4096\n9 0\n",
		"0 4096\n18446744073709551616 1\n", "0 4096\n18446744073709551615 1\n",
		"0 4096\n<html>\n", "0 4096\n0x10 4\n",
	};
	struct profile p;
	char why[128];
	size_t i;

	for (i = 0; i < sizeof wrong / sizeof wrong[0]; i++) {
		CHECK_EQ(parse(wrong[i], &p, why), -EINVAL);
		CHECK_SAYS(why, "line 2 ");
		CHECK_EQ(p.count, 1);
		profile_free(&p);
	}
}

static void has_an_end(void)
{
	struct profile p = { 0 };
	uint64_t i;
	int err = 0;

	for (i = 0; i <= PROFILE_MAX_ENTRIES && !err; i++)
		err = profile_add(&p, i * 8192, 4096);
	CHECK_EQ(err, -ENOMEM);
	CHECK_EQ(p.count, PROFILE_MAX_ENTRIES);
	profile_free(&p);
}

int main(void)
{
	takes_what_it_writes();
	takes_what_people_write();
	keeps_what_came_before_a_fault();
	has_an_end();
	return 0;
}
