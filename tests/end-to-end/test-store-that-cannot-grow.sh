#!/bin/sh
# SPDX-License-Identifier: MIT
# Copyright (c) 2026 The rpi-rescue-netboot authors
#
# If the file of the store cannot have the size of the image, reads are served all the
# same, or the process ends with an error; it does not live on without serving.
. "${srcdir:-..}/tests/lib.sh"

make_image image 32
mkdir "$dir/www1"
cp "$dir/image" "$dir/www1"
origin_start 1
# This limit also holds for memory files, so nothing can be stored at all.
(
	ulimit -f 16384
	exec nbdkit --foreground --readonly --unix "$socket" "$plugin" url="$url1/image" \
		roothash="$roothash" profile=none store="$dir/store" >>"$log" 2>&1
) &
nbdkit=$!
remember $nbdkit
wait_until 10 "nbdkit has ended" is_gone $nbdkit
wait $nbdkit && fail "nbdkit has ended without an error"
logged 'File too large' || fail "the log does not say why"
