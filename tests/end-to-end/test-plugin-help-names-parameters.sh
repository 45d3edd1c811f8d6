#!/bin/sh
# SPDX-License-Identifier: MIT
# Copyright (c) 2026 The rpi-rescue-netboot authors
#
# nbdkit --help names every parameter of this plugin.
. "${srcdir:-..}/tests/lib.sh"
need nbdkit

nbdkit --help "$plugin" >"$dir/help" || fail "--help"
# Every key that is taken is in the help.
keys=$(sed -n 's/^	{ "\([a-z0-9-]*\)", \(STRING\|LIST\|BOOL\|SECONDS\),.*/\1/p' \
	"$srcdir/nbd-plugin/common/options.c")
[ "$(echo "$keys" | grep -c .)" -gt 20 ] || fail "cannot read the keys in options.c"
for key in $keys url roothash verify size cache fill outage connections; do
	grep -q -e "\b$key\b" "$dir/help" || fail "--help does not name $key"
done
