/* SPDX-License-Identifier: MIT
 * Copyright (c) 2026 The rpi-rescue-netboot authors
 */
#include "config.h"

#include "engine/policy/request-limit.h"

#define RAISE_AFTER 64
#define RAISE_AFTER_MAX 4096
#define FORGET_MS 3000

void request_limit_lower(struct request_limit *l, unsigned others, uint64_t now_ms)
{
	if (!l->requests || others < l->requests) {
		if (!l->requests || l->answers)
			l->raise_after = !l->raise_after ? RAISE_AFTER :
				l->raise_after < RAISE_AFTER_MAX ? 2 * l->raise_after : RAISE_AFTER_MAX;
		l->requests = others;
	}
	l->lowered_ms = now_ms;
	l->answers = 0;
}

bool request_limit_explains(const struct request_limit *l, uint64_t sent_ms)
{
	return l->requests && sent_ms < l->lowered_ms;
}

void request_limit_answer(struct request_limit *l)
{
	if (!l->requests || ++l->answers < l->raise_after)
		return;
	l->requests++;
	l->answers = 0;
}

void request_limit_fail(struct request_limit *l, uint64_t now_ms)
{
	if (now_ms - l->lowered_ms < FORGET_MS)
		l->requests = 0;
}
