/* SPDX-License-Identifier: MIT
 * Copyright (c) 2026 The rpi-rescue-netboot authors
 *
 * What a trial logs is kept until its end: a failure that does not come again with its seed
 * would say nothing otherwise.
 */
#ifndef FARROOT_TEST_RECORD_H
#define FARROOT_TEST_RECORD_H

#include <stdio.h>

/* Returns a file in memory, of which no mapping counts as memory of this process; ends the test
 * if there is none.  fclose() ends it.
 */
FILE *record_new(void);

/* Prints the last lines of record on stderr. */
void record_print_end(FILE *record);

#endif
