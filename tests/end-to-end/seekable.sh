# shellcheck shell=sh
# SPDX-License-Identifier: MIT
# Copyright (c) 2026 The rpi-rescue-netboot authors
#
# For the tests of seekable images: source it after lib.sh.
# shellcheck disable=SC2154 # dir and farroot, by lib.sh

# Bytes that compress to about a half, of $1 MiB.
half_random() {
	python3 - "$1" <<'PYTHON'
import random
import sys
source = random.Random(7)
for _ in range(int(sys.argv[1]) * 16):
    part = source.randbytes(32768)
    sys.stdout.buffer.write(part + part)
PYTHON
}

# make_seekable NAME MIB [OPTION...]: $dir/NAME from $dir/NAME.data; $roothash, $data_bytes.
make_seekable() {
	need python3
	name=$1
	half_random "$2" >"$dir/$name.data"
	shift 2
	"$farroot" pack --zstd=1 "$@" "$dir/$name.data" -o "$dir/$name" >"$dir/pack.log" 2>&1 || fail "farroot pack $*"
	# shellcheck disable=SC2034 # for the test
	roothash=$(sed -n 's/^roothash=//p' "$dir/pack.log")
	# shellcheck disable=SC2034 # for the test
	data_bytes=$(sed -n 's/^hash-offset=//p' "$dir/pack.log")
}
