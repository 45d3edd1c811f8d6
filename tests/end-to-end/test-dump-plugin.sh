#!/bin/sh
# SPDX-License-Identifier: MIT
# Copyright (c) 2026 The rpi-rescue-netboot authors
#
# nbdkit --dump-plugin and --help tell what this plugin is and takes.
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

nbdkit --help "$plugin" >"$dir/help" || fail "--help"
# Every key that is taken is in the help.
keys=$(sed -n 's/^	{ "\([a-z0-9-]*\)", \(STRING\|LIST\|BOOL\|SECONDS\),.*/\1/p' \
	"$srcdir/nbd-plugin/common/options.c")
[ "$(echo "$keys" | grep -c .)" -gt 20 ] || fail "cannot read the keys in options.c"
for key in $keys url roothash verify size cache fill outage connections; do
	grep -q -e "\b$key\b" "$dir/help" || fail "--help does not name $key"
done
