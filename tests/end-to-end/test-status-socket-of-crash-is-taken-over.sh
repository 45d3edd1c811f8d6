#!/bin/sh
# SPDX-License-Identifier: MIT
# Copyright (c) 2026 The rpi-rescue-netboot authors
#
# A status socket that a killed server has left is taken over by the next one.
. "${srcdir:-..}/tests/lib.sh"

make_image image 4
mkdir "$dir/www1"
cp "$dir/image" "$dir/www1"
origin_start 1
plugin_start url="$url1/image" roothash="$roothash" status="$dir/status.sock"
wait_until 10 "the image is open" status_is image_bytes "$(stat -c %s "$dir/image")"
plugin_kill
[ -S "$dir/status.sock" ] || fail "kill -9 left no socket"
status_of state 2>/dev/null && fail "a process answers: nothing was tried"
# Without an origin, so that the state is certain.
origin_stop 1
plugin_start url="$url1/image" roothash="$roothash" status="$dir/status.sock"
told state opening
