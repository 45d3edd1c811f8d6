/* SPDX-License-Identifier: MIT
 * Copyright (c) 2026 The rpi-rescue-netboot authors
 *
 * Finds URLs that can never work.  Uses no network; any thread; nothing blocks.
 */
#ifndef FARROOT_URL_CHECK_H
#define FARROOT_URL_CHECK_H

/* Why libcurl can never ask for a URL, a constant string; NULL: it may work. */
const char *url_why_unusable(const char *url);

#endif
