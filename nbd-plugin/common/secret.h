/* SPDX-License-Identifier: MIT
 * Copyright (c) 2026 The rpi-rescue-netboot authors
 *
 * The parameters that are secrets, in the forms of nbdkit_read_password(3): other users can
 * see a command line.
 */
#ifndef FARROOT_SECRET_H
#define FARROOT_SECRET_H

#include "common/options.h"

/* Whether the value of key is a secret: cookie=, password= and proxy-password=. */
bool secret_is_key(const char *key);

/* options_set for such a key.  value is the secret itself; +FILE: the first line of FILE; -FD:
 * the first line of a file descriptor, which is closed; -: a line from the terminal that is
 * standard input, without an echo; a signal that ends the process turns the echo on again.
 * A regular FILE of cookie= and password= becomes cookie-file= and password-file=, with an
 * absolute path, which the engine reads again when the file changes.
 * Blocks until the line is there.  Returns 0 or -errno; why has a message, which never has
 * the secret, except for -ENOMEM.  The main thread only.
 */
int secret_set(struct options *o, const char *key, const char *value, char *why, size_t why_size);

#endif
