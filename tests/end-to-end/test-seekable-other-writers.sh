#!/bin/sh
# SPDX-License-Identifier: MIT
# Copyright (c) 2026 The rpi-rescue-netboot authors
#
# Seekable files of other writers are read, with and without checksums, with empty and skippable
# frames.  A frame that does not fit to its entry is an error, the others can be read; a seek
# table that cannot be used is named when the image is opened.
. "${srcdir:-..}/tests/lib.sh"
. "$srcdir/tests/end-to-end/seekable.sh"
need zstd xz bzip2

half_random 1 >"$dir/image.data"
random_bytes 12345 >>"$dir/image.data"
mkdir "$dir/www1"
origin_start 1

# make FRAME OPTION...: $dir/www1/image, packed by veritysetup, because farroot pack would
# refuse some of them.
make() {
	need veritysetup
	python3 "$srcdir/tests/end-to-end/seekable.py" make "$dir/www1/image" "$@" <"$dir/image.data" || fail "seekable.py $*"
	size=$(stat -c %s "$dir/www1/image")
	same $((size % 4096)) 0 "the padding of seekable.py"
	roothash=$(veritysetup format "$dir/www1/image" "$dir/www1/image" --hash-offset="$size" \
		--data-blocks=$((size / 4096)) | sed -n 's/^Root hash:[[:space:]]*//p')
}

for options in "65536" "65536 plain" "10000 empty" "300000 mute" "5000 plain empty mute" "10000000"; do
	# shellcheck disable=SC2086 # words
	make $options
	plugin_start url="$url1/image" roothash="$roothash" fill=no
	read_all 4 | cmp - "$dir/image.data" || fail "other bytes with $options"
	read_is_right 70001 100000 "$dir/image.data"
	plugin_stop
done

# The files have `seq 1 4000` in frames of 3,000 bytes, by seekable_compression of zstd 1.5.6
# (contrib/seekable_format) and by t2sz -r.
seq 1 4000 >"$dir/numbers"
for writer in zstd-seekable t2sz; do
	"$farroot" pack "$srcdir/tests/end-to-end/data/$writer.zst" -o "$dir/www1/image" >"$dir/pack.log" || fail "does not pack the file of $writer"
	plugin_start url="$url1/image" roothash="$(sed -n 's/^roothash=//p' "$dir/pack.log")" fill=no
	read_all 4 | cmp - "$dir/numbers" || fail "other bytes of $writer"
	read_is_right 2990 6020 "$dir/numbers"
	plugin_stop
done

# Frame 1 has another checksum than the seek table: of the frame itself, or computed.
for options in wrong "wrong mute"; do
	# shellcheck disable=SC2086 # words
	make 65536 $options
	plugin_start url="$url1/image" roothash="$roothash" fill=no
	read_is_right 0 65536 "$dir/image.data"
	read_at 70000 100 >/dev/null && fail "a wrong checksum is not found"
	logged 'compressed image: frame 1 at offset [0-9]* has another checksum' || fail "the log does not name the frame"
	logged 'outage=' && fail "the log blames the origins"
	read_is_right 131072 65536 "$dir/image.data"
	plugin_stop
done
make 65536 swapped
plugin_start url="$url1/image" roothash="$roothash" fill=no
read_at 0 100 >/dev/null && fail "swapped entries are not found"
logged 'compressed image: frame 0 at offset 0 ' || fail "the log does not name frame 0"
read_is_right 131072 65536 "$dir/image.data"
plugin_stop

# cannot_open MESSAGE
cannot_open() {
	plugin_cannot_open url="$url1/image" "${roothash:+roothash=}${roothash:-verify=none}" fill=no
	logged "$1" || fail "another message"
	logged 'decompress=no exports the compressed bytes' || fail "the message does not help"
}
make 65536 reserved
cannot_open 'compressed image: the seek table is of a newer version of the format: its reserved bits are 0x10'
make 65536 short
cannot_open 'compressed image: the seek table is of another file'
make 65536 large
cannot_open 'compressed image: frame 1 has 1073741824 uncompressed bytes; at most 16 MiB can be used'

# A file that is compressed as a whole is refused, or exported as it is.
for program in xz gzip bzip2 zstd; do
	"$program" -c <"$dir/image.data" >"$dir/www1/image"
	roothash=
	cannot_open "compressed as a whole, by $program: .* $program -dc < IMAGE | farroot pack --zstd - -o OUT"
done
plugin_start url="$url1/image" verify=none fill=no decompress=no
read_is_right 0 10000 "$dir/www1/image"
