/* SPDX-License-Identifier: MIT
 * Copyright (c) 2026 The rpi-rescue-netboot authors
 */
#include "config.h"

#include <stdlib.h>

#include "common/array.h"

#define FIRST_ITEMS 256

void *array_grow(void *items, size_t count, size_t *space, size_t item_bytes, size_t max_items)
{
	size_t more = *space ? *space : FIRST_ITEMS / 2;
	void *grown;

	if (count < *space)
		return items;
	if (count >= max_items)
		return NULL;
	more = more <= max_items / 2 ? more * 2 : max_items;
	grown = reallocarray(items, more, item_bytes);
	if (grown)
		*space = more;
	return grown;
}
