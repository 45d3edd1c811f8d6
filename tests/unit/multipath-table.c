/* SPDX-License-Identifier: MIT
 * Copyright (c) 2026 The rpi-rescue-netboot authors
 *
 * Lines as kernel 6.12 shows them, and lines that are not ours.
 */
#include "config.h"

#include <errno.h>

#include "attach/loop-device.h"
#include "attach/multipath-table.h"
#include "check.h"

static void writes_tables(void)
{
	char text[MULTIPATH_TEXT_BYTES];

	multipath_table_text(NBD_MAJOR, 0, text);
	CHECK_STR(text, "3 queue_if_no_path queue_mode bio 0 1 1 round-robin 0 1 0 43:0");
	multipath_table_text(NBD_MAJOR, 1, text);
	CHECK_STR(text, "3 queue_if_no_path queue_mode bio 0 1 1 round-robin 0 1 0 43:1");
	multipath_table_text(LOOP_DEVICE_MAJOR, 3, text);
	CHECK_STR(text, "3 queue_if_no_path queue_mode bio 0 1 1 round-robin 0 1 0 7:3");
	multipath_table_text(NBD_MAJOR, -1, text);
	CHECK_STR(text, "3 queue_if_no_path queue_mode bio 0 0 0");
}

static void check_status(const char *status, int nbd, bool is_failed)
{
	struct multipath_path path;

	CHECK_EQ(multipath_parse_status(status, 253, &path), 0);
	CHECK_EQ(path.nbd, nbd);
	CHECK_EQ(path.loop, -1);
	CHECK_EQ(path.is_failed, is_failed);
}

static void reads_status(void)
{
	check_status("2 0 0 0 1 1 E 0 1 0 43:0 A 0 ", 0, false);
	check_status("2 0 0 0 1 1 A 0 1 0 43:1 F 12 ", 1, true);
	check_status("2 0 0 0 0 0 ", -1, false);
	/* A selector with words of its own, such as service-time. */
	check_status("2 0 0 0 1 1 A 0 1 2 43:1 A 0 0 1 ", 1, false);
}

static void reads_status_after_a_pivot(void)
{
	struct multipath_path path;

	CHECK_EQ(multipath_parse_status("2 0 0 0 1 1 A 0 1 0 7:12 A 0 ", 253, &path), 0);
	CHECK_EQ(path.nbd, -1);
	CHECK_EQ(path.loop, 12);
}

static void refuses_other_tables(void)
{
	static const char *const others[] = {
		"", "2", "2 0 0 0", "x", "2 0 0 0 1 1 A 0 1 0 8:0 A 0 ", "2 0 0 0 1 1 A 0 2 0 43:0 A 0 43:1 A 0 ",
		"2 0 0 0 2 1 A 0 1 0 43:0 A 0 E 0 1 0 43:1 A 0 ", "2 0 0 0 1 1 A 0 1 0 43:0 X 0",
		"2 0 0 0 1 1 A 0 1 0 43:0", "2 0 0 0 1 1 A 0 1 0 43:-1 A 0", "2 0 0 0 1 1 A 0 1 0 43:0:0 A 0",
		"99999999999 0 0 0",
	};
	struct multipath_path path;
	size_t i;

	CHECK_EQ(multipath_parse_status("2 0 0 0 1 1 A 0 1 0 253:4 A 0 ", 253, &path), 0);
	CHECK_EQ(path.mapped, 4);
	CHECK_EQ(path.loop, -1);
	CHECK_EQ(multipath_parse_status("2 0 0 0 1 1 A 0 1 0 253:4 A 0 ", 252, &path), -EINVAL);
	for (i = 0; i < sizeof others / sizeof others[0]; i++)
		CHECK_EQ(multipath_parse_status(others[i], 253, &path), -EINVAL);
}

static void reads_whether_it_queues(void)
{
	CHECK(multipath_queues("3 queue_if_no_path queue_mode bio 0 1 1 round-robin 0 1 1 43:0 1 "));
	CHECK(multipath_queues("3 queue_mode bio queue_if_no_path 0 0 0"));
	CHECK(!multipath_queues("2 queue_mode bio 0 1 1 round-robin 0 1 1 43:0 1 "));
	/* A word behind the features. */
	CHECK(!multipath_queues("2 queue_mode bio 1 queue_if_no_path 1 1"));
	CHECK(!multipath_queues(""));
}

int main(void)
{
	writes_tables();
	reads_status();
	reads_status_after_a_pivot();
	refuses_other_tables();
	reads_whether_it_queues();
	return 0;
}
