#!/bin/sh
# SPDX-License-Identifier: MIT
# Copyright (c) 2026 The rpi-rescue-netboot authors
#
# A rescue system is not built without a key that can log in, nor with a private key where
# a public key belongs.
. "${srcdir:-..}/tests/lib.sh"
. "$srcdir/tests/image/rescue-lib.sh"
need ssh-keygen
site=$dir/site

bad() {
	expect 1 "$1" rescue "$site" -o "$dir/result" --explain
	make_site
}

make_site && rm "$site/authorized_keys"
bad "put your public keys into"
: >"$site/authorized_keys"
bad 'has no key'
echo '# nothing yet' >"$site/authorized_keys"
bad 'has no key'
cp "$dir/key" "$site/authorized_keys"
bad 'holds a private key'
cat "$dir/key" >>"$site/authorized_keys"
bad 'holds a private key'
ln -sf "$dir/key" "$site/authorized_keys"
bad 'holds a private key'
ln -sf /nowhere "$site/authorized_keys"
bad 'not a file'
echo 'ssh-ed25519 AAAAnonsense me' >>"$site/authorized_keys"
bad 'authorized_keys:2: not a public key'
openssl genrsa -traditional 1024 >"$dir/weak" 2>/dev/null || skip "openssl makes no weak key"
chmod 600 "$dir/weak"
ssh-keygen -y -f "$dir/weak" >"$site/authorized_keys"
bad 'an RSA key of 1024 bits'
ssh-keygen -q -s "$dir/key" -I me "$dir/key.pub" 2>/dev/null || fail "cannot make a certificate"
cp "$dir/key-cert.pub" "$site/authorized_keys"
bad 'a certificate'
rm "$site/authorized_keys" && cp "$dir/key.pub" "$site/user_ca.pub" && echo flavour=small >>"$site/site.conf"
bad 'dropbear, which knows no certificates'

# These are right: options, and an authority alone.
load_parts site keys
printf 'from="10.0.0.0/8",no-pty %s' "$(cat "$dir/key.pub")" >"$site/authorized_keys"
site_open "$site"
(keys_check full) || fail "a line with options is refused"
mv "$site/authorized_keys" "$site/user_ca.pub"
(keys_check full) || fail "an authority alone is refused"
keys_install "$dir/tree"
cmp "$site/user_ca.pub" "$dir/tree/etc/farroot/user_ca.pub" || fail "user_ca.pub is not installed"
[ ! -e "$dir/tree/etc/farroot/authorized_keys" ] || fail "an empty authorized_keys"
