#!/bin/sh
# SPDX-License-Identifier: MIT
# Copyright (c) 2026 The rpi-rescue-netboot authors
#
# The role keys makes keys once and never another time, writes one that it is given without
# showing it, and says what is wrong with a key.
. "${srcdir:-..}/tests/lib.sh"
. "$srcdir/tests/ansible/lib.sh"
need openssl ssh-keygen
keys=$dir/keys
variables "keys_folder: $keys"
variables 'keys_host_ca: true'

play keys -- --check --diff
changed some "check mode before the first run"
[ ! -e "$keys" ] || fail "check mode has made keys"
play keys
changed some "the first run"
for file in private.pem public.pem user_ca user_ca.pub host_ca host_ca.pub; do
	[ -s "$keys/$file" ] || fail "no $file"
done
for file in private.pem user_ca host_ca; do
	same "$(stat -c %a "$keys/$file")" 600 "the mode of $file"
done
before=$(tree "$keys")
play keys
changed 0 "the second run"
play keys -- --check --diff
changed 0 "check mode after it"
same "$(tree "$keys")" "$before" "the keys"

# A public key that somehow went away comes back.
rm "$keys/public.pem"
play keys
changed 1 "without public.pem"
same "$(tree "$keys")" "$before" "the keys"

# A key from a vault, which no output shows.
openssl genrsa -out "$dir/given.pem" 2048 2>/dev/null
{
	echo 'keys_signing_key: |'
	sed 's/^/  /' "$dir/given.pem"
} >"$dir/given.yml"
play keys -- --diff -vv -e "@$dir/given.yml" -e keys_folder="$dir/given"
cmp "$dir/given.pem" "$dir/given/private.pem" || fail "another key"
! grep -qF "$(sed -n 3p "$dir/given.pem")" "$dir/play.out" || fail "the output shows the key"

openssl genrsa -out "$dir/large.pem" 3072 2>/dev/null
mkdir "$dir/large" "$dir/broken"
cp "$dir/large.pem" "$dir/large/private.pem"
: >"$dir/broken/private.pem"
wrong 'must be a private key in PEM form' '{"keys_signing_key": "secret"}'
wrong 'must be an absolute path' '{"keys_folder": "keys"}'
wrong 'unable to convert to bool' '{"keys_user_ca": "perhaps"}'
wrong 'must be an RSA key of 2048 bits' "{\"keys_folder\": \"$dir/large\"}"
wrong 'openssl cannot read it' "{\"keys_folder\": \"$dir/broken\"}"
refuses_all keys
