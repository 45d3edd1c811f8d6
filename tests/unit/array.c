/* SPDX-License-Identifier: MIT
 * Copyright (c) 2026 The rpi-rescue-netboot authors
 */
#include "config.h"

#include <stdint.h>
#include <stdlib.h>

#include "check.h"
#include "common/array.h"

static void keeps_what_is_in_it(void)
{
	uint64_t *items = NULL, *more;
	size_t count, space = 0, grown = 0, before;

	for (count = 0; count < 100000; count++) {
		before = space;
		more = array_grow(items, count, &space, sizeof *items, SIZE_MAX);
		CHECK(more != NULL);
		CHECK(space > count);
		grown += space != before;
		items = more;
		items[count] = count;
	}
	/* Not once for each item. */
	CHECK(grown < 15);
	for (count = 0; count < 100000; count++)
		CHECK_EQ(items[count], count);
	free(items);
}

static void holds_max_items(size_t max_items)
{
	size_t count = 0, space = 0;
	char *items = NULL, *more;

	while ((more = array_grow(items, count, &space, 1, max_items))) {
		items = more;
		items[count++] = 1;
		CHECK(space <= max_items);
	}
	CHECK_EQ(count, max_items);
	free(items);
}

/* As if the memory were used up: twice as many bytes cannot be had. */
static void failure_changes_nothing(void)
{
	char *items = malloc(8);
	size_t space = SIZE_MAX / 4, before = space;

	CHECK(array_grow(items, space, &space, 16, SIZE_MAX) == NULL);
	CHECK_EQ(space, before);
	free(items);
}

int main(void)
{
	keeps_what_is_in_it();
	holds_max_items(1);
	holds_max_items(255);
	holds_max_items(256);
	holds_max_items(1000);
	failure_changes_nothing();
	return 0;
}
