#!/bin/sh
# SPDX-License-Identifier: MIT
# Copyright (c) 2026 The rpi-rescue-netboot authors
#
# Without roothash= and without verify=none nothing starts.
. "${srcdir:-..}/tests/lib.sh"

plugin_launch url=http://127.0.0.1:1/image
wait_until 5 "nbdkit ends" is_gone "$nbdkit"
code=0
wait "$nbdkit" || code=$?
[ $code != 0 ] || fail "it ended as if all were well"
logged 'roothash= is required' || fail "nothing was said"
[ ! -S "$socket" ] || fail "it listened"
