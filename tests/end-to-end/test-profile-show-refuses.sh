#!/bin/sh
# SPDX-License-Identifier: MIT
# Copyright (c) 2026 The rpi-rescue-netboot authors
#
# farroot profile show survives numbers that no image has, and refuses, with a message and
# nothing else, what is no profile and what is no image.
. "${srcdir:-..}/tests/lib.sh"

make_image image 1
echo '0 4096' >"$dir/profile"
# Numbers that no image has.
{
	echo '0 1'
	echo '18446744073709547519 4096'
	echo '9223372036854775807 9223372036854775807'
} >"$dir/absurd"
for how in '' --svg=-; do
	"$farroot" profile show ${how:+"$how"} "$dir/absurd" 1M >"$dir/shown" 2>"$dir/err" || fail "$(cat "$dir/err")"
done
for arguments in "$dir/absurd" "$dir/none" "/dev/null" "$dir/image" "$dir/profile $dir/none" "$dir/profile 0"; do
	# shellcheck disable=SC2086
	if LC_ALL=C "$farroot" profile show $arguments >"$dir/shown" 2>"$dir/err"; then
		fail "show $arguments"
	fi
	[ -s "$dir/err" ] || fail "nothing said to $arguments"
	[ ! -s "$dir/shown" ] || fail "something shown of $arguments"
done
