#!/bin/sh
# SPDX-License-Identifier: MIT
# Copyright (c) 2026 The rpi-rescue-netboot authors
#
# An image is opened, with few requests, although one of the two backends of its origin
# answers 404.
. "${srcdir:-..}/tests/end-to-end/round-robin.sh"

make_image image 4
start_backends
# The size, the top of the tree, and a 404 before each of them.
opens_behind 2 3 4
opens_behind 3 2 4
grep -q '^404 ' "$dir/requests.log" || fail "no answer was 404: this tests nothing"
