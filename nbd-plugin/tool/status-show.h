/* SPDX-License-Identifier: MIT
 * Copyright (c) 2026 The rpi-rescue-netboot authors
 *
 * A status as a person reads it.  The main thread calls all of these; they block for standard
 * output.
 */
#ifndef FARROOT_STATUS_SHOW_H
#define FARROOT_STATUS_SHOW_H

#include <stdbool.h>
#include <stdint.h>

#include "common/status.h"

double status_mib(uint64_t bytes);

/* How much of the image is present. */
double status_percent(const struct status *status);

/* Prints all of it, a line for each matter. */
void status_print(const struct status *status);

/* Prints one line with a bar.  On a terminal it takes the place of the line before. */
void status_print_progress(const struct status *status, bool on_terminal);

#endif
