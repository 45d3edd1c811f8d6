/* SPDX-License-Identifier: MIT
 * Copyright (c) 2026 The rpi-rescue-netboot authors
 *
 * The URLs of options.  Uses no network; any thread; nothing blocks.
 */
#ifndef FARROOT_URL_H
#define FARROOT_URL_H

#include <stddef.h>

#include "common/log.h"
#include "common/options.h"

/* A URL without its parts that may be secret: user, password, query. */
void url_without_secrets(const char *url, char *out, size_t size);

/* The URL of the profile beside an image: URL.profile, before a query; or the one that profile=
 * names.  malloc'ed; NULL: out of memory.
 */
char *url_of_profile(const struct options *options, const char *url);
/* The URL of the hash tree of an image in a file of its own, with hash-tree=; free() it.  NULL: no
 * memory.
 */
char *url_of_hash_tree(const struct options *options, const char *url);

/* Returns 0, or -EINVAL, having logged it, if libcurl can never ask for one of the URLs: what can
 * never succeed must not look like an outage.
 */
int url_check_all(const struct options *options, const struct log *log);

#endif
