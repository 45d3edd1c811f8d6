#!/bin/sh
# SPDX-License-Identifier: MIT
# Copyright (c) 2026 The rpi-rescue-netboot authors
#
# No fuzz target fails within a few seconds.  test-fuzz-at-length.sh is a link to this
# script: the same for minutes.  FUZZ_SECONDS: another time for each target.
set -eu

: "${srcdir:=..}" "${top_builddir:=.}"
source=$(cd "$srcdir" && pwd)
case $0 in
*-briefly.sh) folder=fuzz seconds=12 ;;
*-at-length.sh) folder=fuzz-at-length seconds=300 ;;
esac
folder=$(cd "$top_builddir" && pwd)/$folder
: "${FUZZ_SECONDS:=$seconds}"

command -v clang >/dev/null || {
	echo "SKIP: no clang"
	exit 77
}
mkdir -p "$folder"
cp "$top_builddir/config.h" "$folder"
cd "$folder"
echo 'int LLVMFuzzerTestOneInput(const unsigned char *b, unsigned long n); int LLVMFuzzerTestOneInput(const unsigned char *b, unsigned long n) { return b && n > 100000; }' >try.c
clang -fsanitize=fuzzer,address try.c -o try 2>try.log || {
	echo "SKIP: this clang has no libFuzzer"
	exit 77
}

# The sources of each target.
build() {
	target=$1
	shift
	# shellcheck disable=SC2046
	clang -g -O1 -D_GNU_SOURCE -Wall -Wextra -fsanitize=fuzzer,address,undefined \
		-fno-sanitize-recover=undefined -I"$folder" -I"$source/nbd-plugin" \
		"$source/tests/fuzz/$target.c" "$@" \
		$(pkg-config --cflags --libs libcrypto json-c libzstd) -o "fuzz-$target"
}
build superblock "$source/nbd-plugin/engine/verity/verity.c"
build response-check "$source/nbd-plugin/engine/http/response-check.c"
build options "$source/nbd-plugin/common/options.c" "$source/nbd-plugin/common/parse-values.c"
build status "$source/nbd-plugin/common/status.c" "$source/nbd-plugin/common/printable.c"
build profile "$source/nbd-plugin/common/profile.c" "$source/nbd-plugin/common/array.c" "$source/nbd-plugin/profile/regions.c" \
	"$source/nbd-plugin/profile/draw-map.c" "$source/nbd-plugin/profile/draw-svg.c"
build partition-table "$source/nbd-plugin/engine/format/partition-table.c"
build seek-table "$source/nbd-plugin/engine/format/seek-table.c"
build frame-decoder "$source/nbd-plugin/engine/format/frame-decoder.c" "$source/nbd-plugin/engine/format/xxh64.c"
build file-list "$source/nbd-plugin/common/file-list.c" "$source/nbd-plugin/common/array.c"

# One valid example each, for the start.
mkdir -p corpus-superblock corpus-response-check corpus-options corpus-status corpus-profile \
	corpus-file-list corpus-seek-table corpus-frame-decoder corpus-partition-table
{
	printf 'verity\000\000\001\000\000\000\001\000\000\000'
	head -c 16 /dev/zero
	printf sha256
	head -c 26 /dev/zero
	printf '\000\020\000\000\000\020\000\000\310\000\000\000\000\000\000\000\004\000'
	head -c 430 /dev/zero
} >corpus-superblock/good
printf 'HTTP/1.1 206 Partial Content\r\nContent-Range: bytes 0-4095/8192\r\nContent-Length: 4096\r\nETag: "x"\r\nRetry-After: 5\r\n\r\n' \
	>corpus-response-check/good
printf 'url=http://a/b\nroothash=%064d\nsize=64M\ncache=5%%\nfill=yes\nstall=2.5\nconnections=4\noutage=wait\n' 0 \
	>corpus-options/good
printf '%s\n' '{"state":"filling","origin":"http://a/b","image_bytes":1,"present_bytes":1,"cache_bytes":1,"ready_needs_bytes":1,"is_ready":1,"budget_bytes":1,"budget_left_bytes":1,"hold":"","fetched_bytes":1,"served_bytes":1,"wasted_bytes":1,"requests":1,"rate_bytes_per_s":1,"rtt_ms":1,"waiting":1,"outage_since":0,"corrupt_blocks":0,"corrupt_since":0,"corrupt_origin":"","eta_s":-1,"last_error":"","last_error_age_s":-1,"outages":{"count":1,"seconds":2},"fetched_by_class":{"bootstrap":1},"answers":{"2xx":1},"faults":{"tls":1},"hits":{"25us":1,"sum_us":1},"misses":{"1h":1}}' \
	>corpus-status/good
printf '# farroot profile\n# roothash=%064d\n# kernel=6.1\n# recorded=2026-01-01T00:00:00Z\n0 4096\n65536 131072\n\n4096 1\r\n' 0 \
	>corpus-profile/good
printf '# farroot files\n# roothash=%064d\n# inodes=8192\n# directories=8192\n0 96 @superblock\n131072 131072 /usr/lib/a\\011b\\134\n\n0 1 /b c\n' 0 \
	>corpus-file-list/good
# 44 bytes of frames: a skippable one, and one of 100 bytes with its checksum.
printf '\054\000\000\000\136\052\115\030\041\000\000\000\012\000\000\000\000\000\000\000\000\000\000\000\042\000\000\000\144\000\000\000\001\002\003\004\002\000\000\000\200\261\352\222\217' \
	>corpus-seek-table/good
# A disk of 64 KiB with a GPT and one partition.
{
	printf '\100\000'
	head -c 450 /dev/zero
	printf '\356\000\000\000\001\000\000\000\377\377'
	head -c 50 /dev/zero
	printf '\125\252EFI PART'
	head -c 64 /dev/zero
	printf '\002\000\000\000\000\000\000\000\004\000\000\000\200\000\000\000'
	head -c 424 /dev/zero
	printf '\001'
	head -c 31 /dev/zero
	printf '\040\000\000\000\000\000\000\000\057\000\000\000\000\000\000\000'
} >corpus-partition-table/good
# "a" and its checksum.
{
	printf '\001\000\133\156\214\251'
	printf a | zstd -q -c
} >corpus-frame-decoder/good

status=0
for target in superblock response-check options status profile file-list seek-table frame-decoder partition-table; do
	if "./fuzz-$target" -max_total_time="$FUZZ_SECONDS" -max_len=4096 -print_final_stats=1 \
		-artifact_prefix="$target-" "corpus-$target" >"$target.log" 2>&1; then
		echo "ok $target: $(grep number_of_executed "$target.log")"
	else
		status=1
		echo "FAIL $target"
		tail -n 40 "$target.log"
	fi
done
exit "$status"
