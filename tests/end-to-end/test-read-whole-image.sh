#!/bin/sh
# SPDX-License-Identifier: MIT
# Copyright (c) 2026 The rpi-rescue-netboot authors
#
# Read whole, an image is the file on the origin, byte for byte, however many
# connections read it.
. "${srcdir:-..}/tests/lib.sh"
need nbdcopy

# SIZE_MIB=64 makes it quick.
make_image image "${SIZE_MIB:-1024}"
mkdir "$dir/www1"
mv "$dir/image" "$dir/www1"
wanted=$(sha256_of <"$dir/www1/image")
say "$(stat -c %s "$dir/www1/image") bytes"
origin_start 1
for connections in 1 4 16; do
	plugin_start url="$url1/image" roothash="$roothash" fill=no
	began=$(now_ms)
	got=$(read_all $connections | sha256_of)
	say "$connections connections: $(($(now_ms) - began)) ms"
	same "$got" "$wanted" "SHA-256 at $connections connections"
	plugin_stop
done
