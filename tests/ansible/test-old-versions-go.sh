#!/bin/sh
# SPDX-License-Identifier: MIT
# Copyright (c) 2026 The rpi-rescue-netboot authors
#
# What published_info plans to delete: versions that are old and to which no channel leads
# after the switch, and images that no version needs; and what is to be copied.
. "${srcdir:-..}/tests/lib.sh"
. "$srcdir/tests/ansible/lib.sh"
www=$dir/www
mkdir -p "$www/versions" "$www/images"
for number in 1 2 3 4; do
	mkdir "$www/versions/v$number" "$www/images/hash$number"
	echo "hash$number" >"$www/versions/v$number/roothash"
	echo sig >"$www/versions/v$number/boot.sig"
	touch -d "$((10 - number)) days ago" "$www/versions/v$number"
done
# Unused, and of two versions.
mkdir "$www/images/hash0"
echo hash1 >"$www/versions/v2/roothash"
touch -d '8 days ago' "$www/versions/v2"
ln -s versions/v4 "$www/pi"
ln -s versions/v3 "$www/pi.previous"

# plan JSON KEY: the value of KEY, with these arguments.
plan() {
	printf '{"ANSIBLE_MODULE_ARGS": {"root": "%s", "channel": "pi", "keep": 2, %s}}' "$www" "$1" >"$dir/arguments"
	PYTHONPATH=$dir/collections /usr/bin/python3 "$collection/plugins/modules/published_info.py" "$dir/arguments" >"$dir/plan" 2>&1 </dev/null ||
		fail "$(cat "$dir/plan")"
	/usr/bin/python3 -c 'import json, sys
value = json.load(open(sys.argv[1]))[sys.argv[2]]
print(" ".join(value) if isinstance(value, list) else value)' "$dir/plan" "$2"
}

same "$(plan '"version": "v4"' to_delete)" 'versions/v1 versions/v2 images/hash0 images/hash1 images/hash2' "old versions"
same "$(plan '"version": "v4", "keep_days": 10' to_delete)" 'images/hash0 images/hash2' "versions that are young"
same "$(plan '"version": "v4", "keep": 3' to_delete)" 'versions/v1 images/hash0 images/hash2' "three are kept"
# A new version counts before it is there; the one before stays, although it is not the newest.
same "$(plan '"version": "v5"' to_delete)" 'versions/v1 versions/v2 versions/v3 images/hash0 images/hash1 images/hash2 images/hash3' "a new version"
same "$(plan '"version": "v1"' to_delete)" 'versions/v2 images/hash0 images/hash2' "back to the oldest: it stays, and the one before"
ln -s versions/v2 "$www/canary"
same "$(plan '"version": "v4"' to_delete)" 'versions/v1 images/hash0 images/hash2' "the version of another channel stays, with its image"
rm "$www/canary"
mkdir "$www/devices"
ln -s ../versions/v1 "$www/devices/abcdef01"
ln -s ../versions/v2 "$www/devices/abcdef01.previous"
same "$(plan '"version": "v4"' to_delete)" 'images/hash0 images/hash2' "what devices of a fleet boot, and what they can go back to"
same "$(plan '"version": "v4"' versions)" 'v1 v2 v3 v4' "the versions, the oldest first"
same "$(plan '"version": "v4"' current)" v4 "the version"
same "$(plan '"version": ""' to_delete)" '' "no new version, nothing to delete"

# What is to be copied: files that are missing, shorter or different.
digest=$(echo sig | sha256_of)
files="\"version\": \"v4\", \"files\": {\"versions/v4/boot.sig\": {\"sha256\": \"$digest\", \"size\": 4},
	\"images/hash9/root.img\": {\"sha256\": \"$digest\", \"size\": 4}}"
same "$(plan "$files" to_copy)" 'images/hash9/root.img' "a file that is missing"
echo sag >"$www/versions/v4/boot.sig"
same "$(plan "$files" to_copy)" 'images/hash9/root.img versions/v4/boot.sig' "a file that is different"
rm "$www/pi"
mkdir "$www/pi"
same "$(plan '"version": "v4"' blocked)" True "a folder with the name of the channel"
