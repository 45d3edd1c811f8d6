/* SPDX-License-Identifier: MIT
 * Copyright (c) 2026 The rpi-rescue-netboot authors
 *
 * What a day of misbehaviour may cost, whatever it is.  The bounds are in day-judge.c.
 */
#ifndef FARROOT_TEST_DAY_JUDGE_H
#define FARROOT_TEST_DAY_JUDGE_H

#include "day.h"

/* Returns the number of bounds that were exceeded, after printing each on stderr. */
unsigned day_judge(const struct day *day, const struct day_result *result);

/* One line on stdout. */
void day_print(const struct day *day, const struct day_result *result);

#endif
