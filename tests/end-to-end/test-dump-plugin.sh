#!/bin/sh
# SPDX-License-Identifier: MIT
# Copyright (c) 2026 The rpi-rescue-netboot authors
#
# nbdkit --dump-plugin tells what this plugin is.
. "${srcdir:-..}/tests/lib.sh"
need nbdkit

nbdkit --dump-plugin "$plugin" >"$dir/dump" || fail "--dump-plugin"
for line in name=farroot api_version=2 thread_model=parallel errno_is_preserved=1 \
	magic_config_key=url has_pread=1 has_extents=1 has_cache=1 farroot_verity=sha256,4096; do
	grep -qx "$line" "$dir/dump" || fail "--dump-plugin does not say $line: $(cat "$dir/dump")"
done
grep -q '^farroot_version=[0-9]' "$dir/dump" || fail "no version"
grep -q '^farroot_http=libcurl/' "$dir/dump" || fail "no version of libcurl"
! grep -q '^has_pwrite=1\|^has_trim=1\|^has_zero=1' "$dir/dump" || fail "it claims to write"
