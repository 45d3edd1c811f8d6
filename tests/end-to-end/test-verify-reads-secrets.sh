#!/bin/sh
# SPDX-License-Identifier: MIT
# Copyright (c) 2026 The rpi-rescue-netboot authors
#
# farroot verify reads cookie=, password= and proxy-password= from where the plugin reads
# them: a file, a pipe, a file descriptor or the terminal.
. "${srcdir:-..}/tests/lib.sh"
. "$srcdir/tests/end-to-end/faulty.sh"
need python3 script

make_image image 1
printf 'first line\nanother\n' >"$dir/secret"
mkfifo "$dir/pipe"
wanted=$dir/wanted

basic() {
	printf '%s: Basic %s' "$1" "$(printf 'me:first line' | base64)"
}

# verifies HEADER KEY=VALUE...: the server wants the header line.
verifies() {
	echo "$1" >"$wanted"
	shift
	timeout "$(slack 20)" "$farroot" verify "$url" "$roothash" profile=none outage=2 "$@" \
		>"$dir/verify.log" 2>&1 || fail "does not verify with $*"
	! grep -q 'first line' "$dir/verify.log" || fail "the secret is in a message with $*"
}

faulty_origin 1 login="$wanted"
url=$faulty_url/image
password=$(basic Authorization)
proxy_password=$(basic Proxy-Authorization)
verifies 'Cookie: first line' cookie=+"$dir/secret"
verifies "$password" user=me password=+"$dir/secret"
verifies "$password" user=me password=+"$(realpath --relative-to=. "$dir/secret")"
verifies 'Cookie: first line' cookie=-3 3<"$dir/secret"
verifies "$password" user=me password=-7 7<"$dir/secret"
cat "$dir/secret" >"$dir/pipe" &
remember $!
verifies "$password" user=me password=+"$dir/pipe"
verifies 'Cookie: as it is' cookie='as it is'

# A proxy gets the whole URL; this one serves the image itself.
url=http://origin.example/image
verifies "$proxy_password" proxy="$faulty_url" proxy-user=me proxy-password=+"$dir/secret"
verifies "$proxy_password" proxy="$faulty_url" proxy-user=me proxy-password=-3 3<"$dir/secret"

# script(1) makes the terminal.  What is typed before the question is not read.
asks() {
	grep -q '^password: ' "$dir/terminal"
}
echo "$password" >"$wanted"
: >"$dir/terminal"
{
	wait_until 20 "the password is asked for" asks
	echo 'first line'
} | SHELL=/bin/sh script -fqec \
	"$farroot verify $faulty_url/image $roothash profile=none outage=2 user=me password=-" \
	"$dir/terminal" >/dev/null || fail "does not verify with a terminal: $(cat "$dir/terminal")"
! grep -q 'first line' "$dir/terminal" || fail "shows the password: $(cat "$dir/terminal")"
"$farroot" verify "$faulty_url/image" "$roothash" password=- </dev/null 2>"$dir/verify.log" && fail "reads no terminal"
grep -q 'password=-: standard input is not a terminal' "$dir/verify.log" || fail "another reason"
