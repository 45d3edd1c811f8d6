#!/bin/sh
# SPDX-License-Identifier: MIT
# Copyright (c) 2026 The rpi-rescue-netboot authors
#
# The certificate of a machine's ssh host key is asked for by its serial number, from a server with a
# certificate of the site's own authority; seldom while there is none, and oftener in an outage.
# One that comes after the streamed root's sshd has started reaches that sshd.
. "${srcdir:-..}/tests/lib.sh"
need openssl curl ssh-keygen xxd
rescue=$(cd "$srcdir/initramfs/rescue" && pwd)
RESCUE_STATE=$dir/state FARROOT_SYSTEM=$dir/system RESCUE_LOG=$dir/kernel.txt
export RESCUE_STATE FARROOT_SYSTEM RESCUE_LOG
key=$RESCUE_STATE/ssh/host_ed25519_key
root=$FARROOT_SYSTEM/proc/1/root
mkdir -p "$RESCUE_STATE/ssh" "$root/etc/ssh" "$FARROOT_SYSTEM/proc/device-tree" "$dir/programs" "$dir/www1"
printf '100000009ffefdef\0' >"$FARROOT_SYSTEM/proc/device-tree/serial-number"
echo 192.0.2.7 >"$RESCUE_STATE/address.eth0"
ssh-keygen -q -t ed25519 -N '' -f "$key"
ssh-keygen -q -t ed25519 -N '' -f "$dir/host-ca"
cp "$key.pub" "$dir/host.pub"
ssh-keygen -q -s "$dir/host-ca" -h -I north "$dir/host.pub"
# A second takes no time.
sleep=$(command -v sleep)
# shellcheck disable=SC2016 # for the stand-ins
printf '#!/bin/sh\necho "$1" >>"%s"\n"%s" 0.02\n' "$dir/pauses" "$sleep" >"$dir/programs/sleep"
# shellcheck disable=SC2016
printf '#!/bin/sh\nshift\necho "$*" >>"%s"\n' "$dir/in-root" >"$dir/programs/chroot"
chmod +x "$dir/programs"/*
make_ca ours
certify right ours IP:127.0.0.1
origin_scheme=https origin_listen=ssl
origin_start 1 "$(certificate_lines right)"

# asks ARGUMENT...
asks() {
	printf '%s\n' "farroot.host-certificate=$url1/SERIAL-cert.pub" "$@" >"$RESCUE_STATE/arguments"
	: >"$dir/pauses"
	: >"$RESCUE_LOG"
	rm -f "$RESCUE_STATE"/host-certificate.told
	PATH=$dir/programs:$PATH "$rescue/host-certificate" &
	asking=$!
	remember $asking
}
# longest: of the pauses, in seconds.
longest() {
	sort -n "$dir/pauses" | tail -n 1 | cut -d . -f 1
}
# has_paused TIMES
has_paused() {
	[ "$(wc -l <"$dir/pauses")" -ge "$1" ]
}
said() {
	grep -qF -e "$1" "$RESCUE_LOG"
}

# --- which server ------------------------------------------------------------
asks
wait_until 20 "the server is not trusted" said "farroot-rescue: ssh host certificate: $url1/9ffefdef-cert.pub: "
end $asking

# --- none yet ----------------------------------------------------------------
asks "farroot.cainfo=$dir/ours.pem"
wait_until 60 "15 pauses" has_paused 15
case $(longest) in
2[2-9]? | 3[0-7]?) ;;
*) fail "where there is none, the longest pause is $(longest) s" ;;
esac
said "ssh host certificate: $url1/9ffefdef-cert.pub: the server has none yet; it is asked again" || fail "the log: $(cat "$RESCUE_LOG")"
same "$(wc -l <"$RESCUE_LOG")" 1 "lines of the log"
origin_stop 1
"$sleep" 1
: >"$dir/pauses"
wait_until 60 "5 pauses" has_paused 5
[ "$(longest)" -le 75 ] || fail "in an outage, the longest pause is $(longest) s"

# --- it comes late -----------------------------------------------------------
# It is for another key: asked for again.
cp "$dir/host-ca.pub" "$dir/www1/9ffefdef-cert.pub"
: >"$RESCUE_LOG"
origin_start 1 "$(certificate_lines right)"
wait_until 60 "a wrong one is refused" said "not a certificate of this machine's ssh host key; ignored"
: >"$RESCUE_STATE/handed-over"
: >"$RESCUE_STATE/released.ssh"
echo 1 >"$RESCUE_STATE/sshd.pid"
echo systemd >"$FARROOT_SYSTEM/proc/1/comm"
cp "$key" "$root/etc/ssh/ssh_host_ed25519_key"
cp "$dir/host-cert.pub" "$dir/www1/new"
mv "$dir/www1/new" "$dir/www1/9ffefdef-cert.pub"
wait_until 60 "the certificate is here" is_gone $asking
cmp "$dir/host-cert.pub" "$key-cert.pub" || fail "another certificate"
same "$(cat "$dir/in-root")" '/usr/libexec/farroot/host-keys-of-rescue
systemctl try-restart ssh.service' "what is done in the streamed root"
[ -e "$RESCUE_STATE/released.certificate" ] || fail "host-certificate would run again"

# Another init; and a root with a host key of its own.
echo init >"$FARROOT_SYSTEM/proc/1/comm"
for own in '' other; do
	echo "$own" >>"$root/etc/ssh/ssh_host_ed25519_key"
	[ -n "$own" ] || cp "$key" "$root/etc/ssh/ssh_host_ed25519_key"
	: >"$dir/in-root"
	asks "farroot.cainfo=$dir/ours.pem"
	wait_until 60 "the certificate is here" is_gone $asking
	case $own in
	'') same "$(cat "$dir/in-root")" '/usr/libexec/farroot/host-keys-of-rescue
service ssh restart' "what is done in a streamed root without systemd" ;;
	*) same "$(cat "$dir/in-root")" '' "what is done in a root with a host key of its own" ;;
	esac
done
