/* SPDX-License-Identifier: MIT
 * Copyright (c) 2026 The rpi-rescue-netboot authors
 *
 * The cancel callback: how a thread that waits for the engine asks whether its
 * caller still wants the answer (a client that hung up, a server that shuts down).
 */
#ifndef FARROOT_CANCEL_H
#define FARROOT_CANCEL_H

#include <stdbool.h>
#include <stddef.h>

/* is_cancelled is called about 4 times a second, from the waiting thread, without a
 * lock held.  Once it has returned true, it is not called again.
 */
struct cancel {
	bool (*is_cancelled)(void *ctx);
	void *ctx;
};

/* cancel NULL: never. */
static inline bool cancel_is_due(const struct cancel *cancel)
{
	return cancel && cancel->is_cancelled(cancel->ctx);
}

#endif
