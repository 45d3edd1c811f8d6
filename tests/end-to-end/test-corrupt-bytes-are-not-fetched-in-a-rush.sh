#!/bin/sh
# SPDX-License-Identifier: MIT
# Copyright (c) 2026 The rpi-rescue-netboot authors
#
# All data of the only origin is corrupt: a read that waits costs little, the status says
# why it waits and which origin to mend, and the read ends when the origin is mended.  A corrupt slice of the image
# does not keep the rest from coming.
. "${srcdir:-..}/tests/lib.sh"
# shellcheck source-path=SCRIPTDIR source=faulty.sh
. "$srcdir/tests/end-to-end/faulty.sh"
need python3

make_image image 16
faulty_origin 1 corrupt=1048576-16777216
plugin_start url=http://127.0.0.1:1/image url="$faulty_url/image" roothash="$roothash" profile=none fill=no \
	status="$dir/status.sock"
told corrupt_origin ''
read_in_background 2097152 8388608
wait_until 15 "the state says that blocks are corrupt" status_is state corrupt
told corrupt_origin "$faulty_url/image"
"$farroot" status --socket="$dir/status.sock" | grep -q "^corrupt .* blocks do not verify, the last of them from $faulty_url/image$" ||
	fail "farroot status does not name the corrupt origin"
stays 5 "the read waits" reader_waits
at_most "bytes" "$(status_of fetched_bytes)" $((24 << 20))
at_most "lines of log" "$(log_lines)" 10
touch "$faulty_folder/healed"
wait_until 40 "the read ends" reader_is_done
told corrupt_origin ''
file_at "$dir/image" 2097152 8388608 | cmp - "$dir/read.out" || fail "wrong bytes"
plugin_stop

faulty_origin 2 corrupt=4194304-5242880
plugin_start url="$faulty_url/image" roothash="$roothash" profile=none fill=yes status="$dir/status.sock"
wait_until 20 "the rest is here" has_present 15728640
stays 3 "the status can be read" status_of state
at_most "bytes" "$(status_of fetched_bytes)" $(((20 << 20) + (4 << 20)))
told corrupt_blocks 256
