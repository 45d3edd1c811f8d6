#!/bin/sh
# SPDX-License-Identifier: MIT
# Copyright (c) 2026 The rpi-rescue-netboot authors
#
# A server no longer takes the password, the cookie or the token that were right at the start:
# the files are read again when they have changed, and the reads go on.  Until then the
# refusals cost no more requests than another fault.
. "${srcdir:-..}/tests/lib.sh"
. "$srcdir/tests/end-to-end/faulty.sh"
need python3 curl

make_image image 4
expected=$dir/expected
secret=$dir/secret

# put TEXT: replaces the file at once, as a timer that renews a token should.
put() {
	echo "$1" >"$secret.new"
	mv "$secret.new" "$secret"
}

# is_renewed N BEFORE AFTER SECRET_BEFORE SECRET_AFTER KEY=VALUE...: the server wants the header
# line BEFORE, later AFTER.
is_renewed() {
	n=$1 before=$2 after=$3 secret_before=$4 secret_after=$5
	shift 5
	say "$*"
	echo "$before" >"$expected"
	put "$secret_before"
	faulty_origin "$n" login="$expected"
	plugin_start url="$faulty_url/image" roothash="$roothash" fill=no profile=none "$@"
	read_is_right 0 65536 "$dir/image"

	echo "$after" >"$expected"
	read_in_background 2097152 65536
	wait_until 10 "the server refuses" grep -q ' 401 ' "$requests"
	sleep 2
	at_most "requests while the file is the same" "$(grep -c ' 401 ' "$requests")" 12
	reader_waits || fail "the read does not wait"
	put "$secret_after"
	wait_until 15 "the read has ended" reader_is_done
	logged "$secret has changed since" || fail "the log does not say that $secret was read again"
	! logged new-secret || fail "the secret is in the log"
	plugin_stop
}

is_renewed 1 'Cookie: a=old-secret' 'Cookie: a=new-secret' a=old-secret a=new-secret cookie="+$secret"
is_renewed 2 'Cookie: a=old-secret' 'Cookie: a=new-secret' a=old-secret a=new-secret cookie-file="$secret"
is_renewed 3 'X-Token: old-secret' 'X-Token: new-secret' 'X-Token: old-secret' "$(printf '# comment\n\nX-Token: new-secret')" header-file="$secret"
is_renewed 4 "Authorization: Basic $(printf me:old-secret | base64)" "Authorization: Basic $(printf me:new-secret | base64)" \
	old-secret new-secret user=me password="+$secret"
line='127.0.0.1	FALSE	/	FALSE	0	a	'
is_renewed 5 'Cookie: a=old-secret' 'Cookie: a=new-secret' "${line}old-secret" "${line}new-secret" cookiefile="$secret"

# Two files, of which one is gone or no good when the other is renewed: that one is not lost.
is_renewed_beside() {
	n=$1 change=$2 why=$3
	say "password-file= is renewed, and header-file= is $change"
	echo "Authorization: Basic $(printf me:old-secret | base64)" >"$expected"
	put old-secret
	echo 'X-Token: other' >"$dir/headers"
	faulty_origin "$n" login="$expected"
	plugin_start url="$faulty_url/image" roothash="$roothash" fill=no profile=none user=me password-file="$secret" header-file="$dir/headers"
	read_is_right 0 65536 "$dir/image"
	case $change in
	gone) rm "$dir/headers" ;;
	bad) printf 'X-Token: other\nno header\n' >"$dir/headers" ;;
	esac
	: >"$log"
	echo "Authorization: Basic $(printf me:new-secret | base64)" >"$expected"
	read_in_background 2097152 65536
	wait_until 10 "the log names the file" logged "header-file=$dir/headers: $why; what it held before is still used"
	put new-secret
	wait_until 15 "the read has ended" reader_is_done
	same "$(cat "$dir/read.code")" 0 "code of the read"

	say "again, and the header lines come back"
	echo "Authorization: Basic $(printf me:third-secret | base64)" >"$expected"
	put third-secret
	read_is_right 3145728 4096 "$dir/image"
	same "$(grep -c header-file= "$log")" 1 "lines about the file"
	echo 'X-Token: newer' >"$expected"
	read_in_background 1048576 65536
	wait_until 10 "the server refuses" grep -q ' 401 ' "$requests"
	echo 'X-Token: newer' >"$dir/headers"
	wait_until 15 "the read has ended" reader_is_done
	same "$(cat "$dir/read.code")" 0 "code of the read"
	plugin_stop
}

is_renewed_beside 6 gone 'No such file or directory'
is_renewed_beside 7 bad 'must be a regular file with lines of the form Name: value'

say "a file that is no good is refused at the start, and named"
refuses() {
	plugin_launch url="$faulty_url/image" roothash="$roothash" "$1"
	wait_until 5 "nbdkit refuses $1" is_gone "$nbdkit"
	logged "$2" || fail "the log does not say: $2"
}

: >"$dir/empty"
echo 'no header' >"$dir/bad"
refuses cookie-file="$dir/empty" "cookie-file=$dir/empty: must be a regular file that is not empty"
refuses header-file="$dir/bad" "header-file=$dir/bad: must be a regular file with lines of the form Name: value"
refuses password-file=/no/such/file 'password-file=/no/such/file: No such file or directory'
refuses cookiefile="$dir" "cookiefile=$dir: must be a regular file"
! logged 'no header' || fail "the line of the file is in the log"
