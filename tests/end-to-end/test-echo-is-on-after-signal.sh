#!/bin/sh
# SPDX-License-Identifier: MIT
# Copyright (c) 2026 The rpi-rescue-netboot authors
#
# Ctrl-C, and a signal that ends farroot or nbdkit while it asks for a password, end it as by
# default and leave the terminal as it was.
. "${srcdir:-..}/tests/lib.sh"
need python3 nbdkit

zeroes=$(printf '%064d' 0)

# ends_well END COMMAND...
ends_well() {
	python3 "$srcdir/tests/end-to-end/half-a-password.py" "$(slack 20)" "$@" 2>"$dir/terminal.log" ||
		fail "wrong end by $*"
}

for end in ctrl-c SIGTERM SIGHUP SIGQUIT ignored-SIGTERM; do
	ends_well "$end" "$farroot" verify http://127.0.0.1:1/image "$zeroes" password=-
done
ends_well ctrl-c nbdkit -f -U "$socket" "$plugin" url=http://127.0.0.1:1/image roothash="$zeroes" password=-
ends_well SIGTERM nbdkit -f -U "$socket" "$plugin" url=http://127.0.0.1:1/image roothash="$zeroes" cookie=-
