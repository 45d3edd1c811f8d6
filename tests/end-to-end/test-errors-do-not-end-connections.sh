#!/bin/sh
# SPDX-License-Identifier: MIT
# Copyright (c) 2026 The rpi-rescue-netboot authors
#
# A server that answers 503 now and then keeps its connections, and one that resets
# connections beyond two is not asked for more again and again.
. "${srcdir:-..}/tests/lib.sh"
# shellcheck source-path=SCRIPTDIR source=faulty.sh
. "$srcdir/tests/end-to-end/faulty.sh"
need python3

make_image image 16
faulty_origin 1 status=503 each=8
plugin_start url="$faulty_url/image" roothash="$roothash" profile=none fill=yes rate=4M status="$dir/status.sock"
wait_until 30 "the whole image is here" is_whole_here
[ "$(grep -c ' 503 ' "$requests")" -ge 4 ] || fail "too few errors to judge"
# As many as there are requests at once, and a few.
at_most "connections" "$(cut -d ' ' -f 2 "$requests" | sort -u | wc -l)" 12
plugin_stop

faulty_origin 2 connections=2
plugin_start url="$faulty_url/image" roothash="$roothash" profile=none fill=yes status="$dir/status.sock"
wait_until 10 "the whole image is here" is_whole_here
at_most "connections" "$(cut -d ' ' -f 2 "$requests" | sort -u | wc -l)" 20
read_is_right 0 1048576 "$dir/image"
