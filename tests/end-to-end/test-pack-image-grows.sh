#!/bin/sh
# SPDX-License-Identifier: MIT
# Copyright (c) 2026 The rpi-rescue-netboot authors
#
# farroot pack refuses an image that another process appends to while it is read.
. "${srcdir:-..}/tests/lib.sh"

random_bytes 32000000 >"$dir/image"
while :; do
	echo more
done >>"$dir/image" &
remember $!

# The other process may not run during one copy.
is_refused() {
	! "$farroot" pack "$dir/image" -o "$dir/out" >/dev/null 2>"$dir/refused.log"
}
wait_until 30 "an image that grows is refused" is_refused
same "$(cat "$dir/refused.log")" \
	"farroot pack: $dir/image → $dir/out: the size of the image changed while it was read" "message"
