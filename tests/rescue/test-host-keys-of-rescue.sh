#!/bin/sh
# SPDX-License-Identifier: MIT
# Copyright (c) 2026 The rpi-rescue-netboot authors
#
# A streamed root file system has the host key of the rescue system that booted it, with its
# certificate; without a rescue system a new one; a key of its own stays.
. "${srcdir:-..}/tests/lib.sh"
need ssh-keygen

take() {
	FARROOT_SSH=$dir/ssh FARROOT_RESCUE_SSH=$dir/rescue "$srcdir/initramfs/root/host-keys-of-rescue" || fail "status $?"
}

again() {
	rm -rf "$dir/ssh"
	mkdir -p "$dir/ssh/sshd_config.d"
}

mkdir "$dir/rescue"
ssh-keygen -q -t ed25519 -N '' -C '' -f "$dir/rescue/host_ed25519_key"
ssh-keygen -q -t ed25519 -N '' -f "$dir/ca"
ssh-keygen -q -s "$dir/ca" -h -I test "$dir/rescue/host_ed25519_key.pub"

again
take
cmp "$dir/ssh/ssh_host_ed25519_key" "$dir/rescue/host_ed25519_key" || fail "another key"
same "$(stat -c %a "$dir/ssh/ssh_host_ed25519_key")" 600 "its mode"
same "$(cat "$dir/ssh/ssh_host_ed25519_key.pub")" "$(ssh-keygen -y -f "$dir/rescue/host_ed25519_key")" "the public key"
cmp "$dir/ssh/ssh_host_ed25519_key-cert.pub" "$dir/rescue/host_ed25519_key-cert.pub" || fail "no certificate"
same "$(cat "$dir"/ssh/sshd_config.d/*)" "HostCertificate $dir/ssh/ssh_host_ed25519_key-cert.pub" "the configuration"

# The certificate comes later.
mv "$dir/rescue/host_ed25519_key-cert.pub" "$dir/late"
again
take
[ ! -e "$dir/ssh/ssh_host_ed25519_key-cert.pub" ] || fail "a certificate of nothing"
mv "$dir/late" "$dir/rescue/host_ed25519_key-cert.pub"
take
cmp "$dir/ssh/ssh_host_ed25519_key-cert.pub" "$dir/rescue/host_ed25519_key-cert.pub" || fail "no certificate that comes late"
same "$(cat "$dir"/ssh/sshd_config.d/*)" "HostCertificate $dir/ssh/ssh_host_ed25519_key-cert.pub" "the configuration"
again

# Once more: what is there stays.
ssh-keygen -q -t ed25519 -N '' -C '' -f "$dir/other"
cp "$dir/other" "$dir/ssh/ssh_host_ed25519_key"
take
! ls "$dir"/ssh/sshd_config.d/* >/dev/null 2>&1 || fail "a certificate of another key"
cmp "$dir/ssh/ssh_host_ed25519_key" "$dir/other" || fail "the root's own key was replaced"

# A key that is none, as dropbear's; and no rescue system at all.
for content in garbage ''; do
	again
	rm -rf "$dir/rescue"
	mkdir "$dir/rescue"
	[ -z "$content" ] || echo "$content" >"$dir/rescue/host_ed25519_key"
	take
	ssh-keygen -l -f "$dir/ssh/ssh_host_ed25519_key" >"$dir/out" || fail "no key"
	[ -s "$dir/ssh/ssh_host_ed25519_key.pub" ] || fail "no public key"
	! ls "$dir"/ssh/sshd_config.d/* >/dev/null 2>&1 || fail "a certificate of nothing"
done
