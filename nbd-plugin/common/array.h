/* SPDX-License-Identifier: MIT
 * Copyright (c) 2026 The rpi-rescue-netboot authors
 *
 * The growable array: a pointer, the count of items in use, and the space for items
 * that is allocated.  The owner keeps these three and frees the pointer.
 */
#ifndef FARROOT_ARRAY_H
#define FARROOT_ARRAY_H

#include <stddef.h>

/* Makes room for one more item behind the count items in use, at most max_items in
 * all.  Returns the array, which may have moved; the caller stores that pointer.
 * NULL: out of memory, or max_items are in use; then items and *space are as
 * they were.  Any thread; the array is the caller's.
 */
void *array_grow(void *items, size_t count, size_t *space, size_t item_bytes, size_t max_items);

#endif
