#!/bin/sh
# SPDX-License-Identifier: MIT
# Copyright (c) 2026 The rpi-rescue-netboot authors
#
# What differs between machines comes from a second archive: the password of the serial line,
# the ssh host key, the hostname, a certificate of the host key.  The streamed root has the
# same host key and certificate; when its sshd ends, the rescue system's answers again.
set -eu
# shellcheck source-path=SCRIPTDIR source=lib.sh
. "${srcdir:-$(dirname "$0")/../..}/tests/rescue/lib.sh"

rescue_begin amd64
rescue_site password
rescue_build
rescue_make_root

say "the archive of this machine"
seed=$(openssl rand 32 | base64)
public=$(printf '302e020100300506032b657004220420%s' "$(printf %s "$seed" | base64 -d | xxd -p -c 64)" | xxd -r -p |
	openssl pkey -inform DER -pubout -outform DER | tail -c 32 | xxd -p -c 64)
echo "ssh-ed25519 $(printf '0000000b7373682d6564323535313900000020%s' "$public" | xxd -r -p | base64 -w 0)" >"$dir/host.pub"
fingerprint=$(ssh-keygen -l -f "$dir/host.pub" | cut -d ' ' -f 2)
ssh-keygen -q -t ed25519 -N '' -f "$dir/host-ca"
ssh-keygen -q -s "$dir/host-ca" -h -I test "$dir/host.pub"
mkdir -p "$dir/www" "$dir/own/etc/farroot"
cp "$dir/host-cert.pub" "$rescue_root/root.img" "$dir/www/"
printf '%s\n' "host-key=$seed" "password=$(openssl passwd -6 'north hall 7')" farroot.hostname=north-hall \
	"farroot.host-certificate=http://$rescue_server/host-cert.pub" >"$dir/own/etc/farroot/device.conf"
(cd "$dir/own" && find etc | cpio -o -H newc --quiet -R 0:0) >>"$dir/boot/initrd"

rescue_start_dhcp --dhcp-range=192.168.77.50,192.168.77.99,2m
rescue_power_on -- "farroot=http://$rescue_server/root.img" "roothash=$(cat "$rescue_root/roothash")" farroot.fill=no
rescue_expect 120 'north-hall login:'
rescue_type root
rescue_expect 30 'Password:'
rescue_type wrong
rescue_expect 60 'Login incorrect'
rescue_type root
sleep 3
rescue_type 'north hall 7'
sleep 3
# shellcheck disable=SC2016 # for the guest
rescue_type 'echo serial-$((6 * 7))'
rescue_expect 60 'serial-42'
tr -d '\r' <"$rescue_log" | grep -qF "ssh host key $fingerprint (this machine's configuration)" ||
	fail "the console does not show the fingerprint of the key in device.conf"
! grep -aqF "$seed" "$rescue_log" || fail "the console shows the key"

# --- the certificate, for a user that trusts the CA --------------------------------
rescue_find_address 120
echo "@cert-authority * $(cut -d ' ' -f 1,2 "$dir/host-ca.pub")" >"$dir/known_hosts"
rescue_start_origin "$dir/www"
rescue_ssh_options="-o UserKnownHostsFile=$dir/known_hosts -o StrictHostKeyChecking=yes -o HostKeyAlgorithms=ssh-ed25519-cert-v01@openssh.com -o BatchMode=yes -o ConnectTimeout=20 -o LogLevel=ERROR"
rescue_wait_ssh 120
# 1: grep has read the files and found nothing.
rescue_ssh 'grep "^host-key\|^password" /run/rescue/state/arguments /run/rescue/state/cmdline; [ $? = 1 ]' || fail "a secret is in the arguments"
rescue_ssh 'farroot report' >"$dir/report.tar.gz"
! tar -xzOf "$dir/report.tar.gz" | grep -aqF "$seed" || fail "the report has the key"

# --- the streamed root ------------------------------------------------------------
rescue_expect 600 'farroot login:'
rescue_ssh_until 120 'systemctl is-active ssh.service' "no login in the streamed root with the certificate"
say "the streamed root's sshd has the certificate"
rescue_ssh 'systemctl stop ssh.socket ssh.service'
rescue_ssh_until 60 'cat /etc/farroot/rescue.conf' "the rescue system does not take port 22 back"
say "the rescue system's sshd answers again"
