/* SPDX-License-Identifier: MIT
 * Copyright (c) 2026 The rpi-rescue-netboot authors
 *
 * The status as metrics, in the text format of Prometheus, version 0.0.4: the only one that the
 * textfile collector of node-exporter reads.  It knows no type for a set of states, and a
 * counter has the same name in TYPE as in its samples.
 *
 * The format: https://prometheus.io/docs/instrumenting/exposition_formats/
 */
#ifndef FARROOT_STATUS_PROMETHEUS_H
#define FARROOT_STATUS_PROMETHEUS_H

#include <stdio.h>

struct status;

/* Writes every metric with HELP and TYPE; a value that is not known has no sample.  The texts of
 * the status must be printable.  The caller checks whether the file has an error.
 */
void status_prometheus_write(const struct status *status, FILE *to);

#endif
