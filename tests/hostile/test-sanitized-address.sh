#!/bin/sh
# SPDX-License-Identifier: MIT
# Copyright (c) 2026 The rpi-rescue-netboot authors
#
# The unit tests and the fault tests, with -fsanitize=address,undefined.
exec "${srcdir:-..}/tests/hostile/run-sanitized.sh" address,undefined
