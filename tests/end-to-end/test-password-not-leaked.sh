#!/bin/sh
# SPDX-License-Identifier: MIT
# Copyright (c) 2026 The rpi-rescue-netboot authors
#
# User and password reach the origin, and nothing else: not the log, not the
# status, not any command line, not --dump-plugin.
. "${srcdir:-..}/tests/lib.sh"
need openssl

secret=Tr0ub4dor-and-3
echo "$secret" >"$dir/password"
chmod 600 "$dir/password"
make_image image 4
mkdir "$dir/www1"
cp "$dir/image" "$dir/www1"
printf 'reader:%s\n' "$(openssl passwd -apr1 "$secret")" >"$dir/htpasswd"
origin_start 1 "auth_basic x; auth_basic_user_file $dir/htpasswd;"
plugin_options=--verbose

# no_secret: it is in no place where others look.
no_secret() {
	for file in "$log" "$dir/status.json" "$dir/dump" /proc/"$nbdkit"/cmdline /proc/"$nbdkit"/environ; do
		! grep -q "$secret" "$file" || fail "the password is in $file"
		! grep -q "$(printf 'reader:%s' "$secret" | base64)" "$file" ||
			fail "the password is in $file, in base64"
	done
}

plugin_start url="$url1/image" roothash="$roothash" status="$dir/status.sock" \
	user=reader password=+"$dir/password"
read_is_right 0 65536 "$dir/image"
"$farroot" status --json --socket="$dir/status.sock" >"$dir/status.json"
nbdkit --dump-plugin "$plugin" >"$dir/dump"
no_secret
plugin_stop

# In the URL it is on the command line already, but goes no further.
: >"$log"
plugin_start url="http://reader:$secret@127.0.0.1:$port1/image" roothash="$roothash" \
	status="$dir/status.sock"
read_is_right 0 65536 "$dir/image"
"$farroot" status --json --socket="$dir/status.sock" >"$dir/status.json"
grep -v 'config key=url\|^nbdkit: debug: .*url=' "$log" >"$dir/log.own"
! grep -q "$secret" "$dir/log.own" || fail "the password is in the log: $(grep "$secret" "$dir/log.own")"
! grep -q "$secret" "$dir/status.json" || fail "the password is in the status"
plugin_stop

# A wrong one: the server's word, not ours.
: >"$log"
echo wrong-but-secret >"$dir/password"
secret=wrong-but-secret
plugin_start url="$url1/image" roothash="$roothash" status="$dir/status.sock" \
	user=reader password=+"$dir/password"
wait_until 10 "it is said what is wrong" logged 'answered 401'
"$farroot" status --json --socket="$dir/status.sock" >"$dir/status.json"
no_secret
