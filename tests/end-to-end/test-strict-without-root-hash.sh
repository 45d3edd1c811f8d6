#!/bin/sh
# SPDX-License-Identifier: MIT
# Copyright (c) 2026 The rpi-rescue-netboot authors
#
# Answers that do not tell the size of the image, or that an object store marks as aws-chunked,
# are read if a root hash verifies their bytes, and only then.  Compressed bytes are never read.
. "${srcdir:-..}/tests/lib.sh"
# shellcheck source-path=SCRIPTDIR source=faulty.sh
. "$srcdir/tests/end-to-end/faulty.sh"
need python3

make_image image 2
bytes=$(wc -c <"$dir/image")
n=0

# with_answer KEY=VALUE: such an origin.
with_answer() {
	n=$((n + 1))
	say "$1"
	faulty_origin $n "$1"
}

is_read() {
	plugin_start url="$faulty_url/image" size="$bytes" profile=none fill=no "$@"
	read_is_right 0 65536 "$dir/image"
	plugin_stop
}

# is_refused WORDS SETTING...: with these words in the log.
is_refused() {
	words=$1
	shift
	: >"$log"
	plugin_start url="$faulty_url/image" size="$bytes" profile=none fill=no "$@"
	read_in_background 0 65536
	wait_until 10 "the log says: $words" logged "$words"
	reader_waits || fail "the read does not wait: $words"
	plugin_stop
}

with_answer range=unknown
is_read roothash="$roothash"
is_refused 'Content-Range' verify=none
with_answer encoding=aws-chunked
is_read roothash="$roothash"
is_refused 'Content-Encoding' verify=none
with_answer encoding=gzip
is_refused 'Content-Encoding' roothash="$roothash"
is_refused 'Content-Encoding' verify=none
