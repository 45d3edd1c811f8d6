#!/bin/sh
# SPDX-License-Identifier: MIT
# Copyright (c) 2026 The rpi-rescue-netboot authors
#
# Every shell script of ours, in whatever folder, is clean under shellcheck and
# formatted by shfmt.
. "${srcdir:-..}/tests/lib.sh"
need shellcheck shfmt

# From the root of the source; a tree without git (make distcheck) has the same.
cd "$srcdir" || fail "no source"
find . \( -path './build*' -o -name autom4te.cache -o -name '.git' -o -path './rpi-rescue-netboot-*' \) -prune \
	-o -type f -print | grep -v -x -e './configure.*' -e './install-sh' -e './config.*' \
	-e './ltmain.sh' -e './demo.d/.*' | LC_ALL=C sort >"$dir/files"
# What is run by sh, and what is sourced and says so.
while read -r file; do
	case $(head -n 1 "$file" | tr -d '\000') in
	'#!'*/sh | '#!'*/sh' '*) echo "$file" && continue ;;
	esac
	grep -aq '^# shellcheck shell=' "$file" && echo "$file"
done <"$dir/files" >"$dir/scripts"
say "$(grep -c . "$dir/scripts") scripts"
for folder in bench bench/initramfs debian/tests image image/lib initramfs/hooks initramfs/scripts tests tests/boot tests/boot/vm \
	tests/ansible tests/ansible/fake tests/end-to-end tests/fuse tests/fuzz tests/hostile tests/image tests/servers tests/source; do
	[ -d "$folder" ] || continue
	grep -q "^\./$folder/" "$dir/scripts" || fail "where are the scripts of $folder?"
done
[ "$(grep -c . "$dir/scripts")" -ge 100 ] || fail "where are the scripts?"
status=0
xargs shellcheck -x -s dash <"$dir/scripts" >&2 || status=1
xargs shfmt -d -ln posix <"$dir/scripts" >&2 || status=1
[ $status = 0 ] || fail "see above; shfmt -w -ln posix FILE formats"
