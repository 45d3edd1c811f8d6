#!/bin/sh
# SPDX-License-Identifier: MIT
# Copyright (c) 2026 The rpi-rescue-netboot authors
#
# The hash tree may be in a file of its own, beside the image or on another server, which gets
# no password.  It verifies as the tree at the end of an image does, and an outage of its server
# only delays.  The same for a compressed image.
. "${srcdir:-..}/tests/lib.sh"
need veritysetup

mkdir "$dir/www1" "$dir/www2"
size=$(((16 << 20) + 12288))
random_bytes $size >"$dir/image"
"$farroot" pack --zstd=1 "$dir/image" -o "$dir/packed" >"$dir/pack.log" 2>&1 || fail "farroot pack"
zstd_bytes=$(sed -n 's/^hash-offset=//p' "$dir/pack.log") zstd_root=$(sed -n 's/^roothash=//p' "$dir/pack.log")
head -c "$zstd_bytes" "$dir/packed" >"$dir/www1/zstd"
tail -c +$((zstd_bytes + 1)) "$dir/packed" >"$dir/www1/zstd.verity"
cp "$dir/image" "$dir/www1/image"
plain_root=$(veritysetup format "$dir/image" "$dir/www2/tree" | sed -n 's/^Root hash:[[:space:]]*//p')
cat "$dir/image" "$dir/www2/tree" >"$dir/whole"
# shellcheck disable=SC2016 # nginx's
wants_password='if ($http_authorization = "") { return 401; }'
# shellcheck disable=SC2016 # nginx's
hates_password='if ($http_authorization != "") { return 500; }'
origin_start 1 "$wants_password"
origin_start 2 "$hates_password"

# start URL SETTING...
start() {
	url=$1
	shift
	plugin_start url="$url" user=me password=secret profile=none status="$dir/status.sock" "$@"
}
start "$url1/zstd" hash-tree=.verity roothash="$zstd_root" fill=no
read_all 4 | cmp - "$dir/image" || fail "other bytes of a compressed image"
plugin_stop

# The tree is a part of the export, as in an image of one file.
start "$url1/image" hash-tree="$url2/tree" roothash="$plain_root" size=$size fill=no
read_is_right 5000000 70000 "$dir/whole"
[ "$(origin_requests 2)" -gt 0 ] || fail "the server of the tree was not asked"
# The end of one file, and the begin of the other behind the superblock.
read_is_right $((size - 50000)) 50000 "$dir/whole"
read_is_right $((size + 4096)) 60000 "$dir/whole"
plugin_stop

# All of both, with what is needed from both at the end of the data.
start "$url1/image" hash-tree="$url2/tree" roothash="$plain_root" fill=yes store="$dir/store"
wait_until 30 "all is here" status_is state materialized
cmp -n $size "$dir/store" "$dir/image" || fail "other bytes in the store"
cmp -i $((size + 4096)) "$dir/store" "$dir/whole" || fail "another tree in the store"
plugin_stop
origin_stop 1
origin_stop 2
start "$url1/image" hash-tree="$url2/tree" roothash="$plain_root" size=$size fill=no store="$dir/store"
read_is_right 9000000 70000 "$dir/whole"
plugin_stop
rm "$dir/store"

# A read across the border, of which nothing is cached any more.
origin_start 1 "$wants_password"
origin_start 2 "$hates_password"
start "$url1/image" hash-tree="$url2/tree" roothash="$plain_root" fill=no cache=4M
read_at 0 8388608 >/dev/null || fail "no read"
read_at 8388608 4194304 >/dev/null || fail "no read"
read_at $((size - 8192)) 40960 >"$dir/got" || fail "no read across the border"
file_at "$dir/whole" $((size - 8192)) 40960 >"$dir/wanted"
cmp -n 8192 "$dir/got" "$dir/wanted" || fail "wrong bytes before the border"
cmp -i 12288 "$dir/got" "$dir/wanted" || fail "wrong bytes behind the border"
plugin_stop

# An outage of the server of the tree.
start "$url1/image" hash-tree="$url2/tree" roothash="$plain_root" fill=no
read_is_right 0 4096 "$dir/whole"
origin_stop 2
read_in_background 10000000 65536
stays 2 "the read waits" reader_waits
origin_start 2 "$hates_password"
wait_until 35 "the read is answered" reader_is_done
same "$(cat "$dir/read.code")" 0 "the read"
file_at "$dir/image" 10000000 65536 | cmp - "$dir/read.out" || fail "wrong bytes"
plugin_stop

# Another tree, and other data, are refused.
printf x | dd of="$dir/www1/image" bs=1 seek=5000000 conv=notrunc status=none
start "$url1/image" hash-tree="$url2/tree" roothash="$plain_root" fill=no outage=2
read_is_right 9000000 4096 "$dir/whole"
read_at 5000000 100 >/dev/null && fail "changed data are served"
logged 'does not verify' || fail "the log does not name it"
plugin_stop
"$farroot" verify "$url1/zstd" "$zstd_root" hash-tree="$url1/zstd.verity" user=me password=secret >"$dir/verify.log" 2>&1 ||
	fail "farroot verify"

# Local files.
cp "$dir/image" "$dir/local"
cp "$dir/www2/tree" "$dir/local.tree"
"$farroot" verify "$dir/local" "$plain_root" hash-tree=.tree >"$dir/verify.log" || fail "farroot verify of a file"
printf x | dd of="$dir/local" bs=1 seek=5000000 conv=notrunc status=none
"$farroot" verify "$dir/local" "$plain_root" hash-tree=.tree >"$dir/verify.log" 2>&1 && fail "damage is not found"
grep -q 'block 1220 (offset 4997120) does not verify' "$dir/verify.log" || fail "damage is not named"
"$farroot" verify "$dir/local" "$plain_root" hash-tree=.none 2>&1 | grep -q 'local.none: No such file' || fail "another message"

# refuses MESSAGE SETTING...
refuses() {
	message=$1
	shift
	nbdkit -U - "$plugin" "$@" --run true 2>"$dir/refused.log" && fail "taken: $*"
	grep -q "$message" "$dir/refused.log" || fail "another message: $(cat "$dir/refused.log")"
}
refuses 'hash-tree= needs roothash=' url="$url1/image" verify=none hash-tree=.verity
refuses 'hash-tree=tree: must be a URL, or begin with a dot' url="$url1/image" roothash="$plain_root" hash-tree=tree
