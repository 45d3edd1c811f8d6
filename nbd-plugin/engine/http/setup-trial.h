/* SPDX-License-Identifier: MIT
 * Copyright (c) 2026 The rpi-rescue-netboot authors
 *
 * Tries the settings on a libcurl handle at the start: a setting that can never work must
 * not look like an outage.
 */
#ifndef FARROOT_SETUP_TRIAL_H
#define FARROOT_SETUP_TRIAL_H

#include "common/log.h"
#include "engine/http/curl-setup.h"

/* Uses no network.  curl_global_init must have been called.  Returns 0; -EINVAL, having
 * logged why libcurl cannot use a setting; or -ENOMEM.
 */
int setup_trial(const struct curl_setup *setup, const struct log *log);

#endif
