/* SPDX-License-Identifier: MIT
 * Copyright (c) 2026 The rpi-rescue-netboot authors
 *
 * What must become of the profiles of a trial's origins.
 */
#ifndef FARROOT_TEST_PROFILE_JUDGE_H
#define FARROOT_TEST_PROFILE_JUDGE_H

#include "common/status.h"
#include "hostile-origin.h"

/* Whether something is still to come, from origins that are healed: what a good profile names,
 * or another request for a profile that a server has refused for a moment.
 */
bool profile_is_due(struct hostile_origin *const *origins, unsigned count, const struct status *status);

/* Whether the engine uses a profile although every profile of these natures is of another image. */
bool profile_is_misused(const struct nature *const *natures, unsigned count, const struct status *status);

#endif
