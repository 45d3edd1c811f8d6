#!/bin/sh
# SPDX-License-Identifier: MIT
# Copyright (c) 2026 The rpi-rescue-netboot authors
#
# The partition farroot-keys: its ssh host key is the machine's in both flavours, also if the
# partition appears after the first login; its password opens the serial line; files that a
# user of the disk's system could have written are ignored.
. "${srcdir:-..}/tests/lib.sh"
need_root
need ssh-keygen openssl xxd awk mkfs.ext4 losetup setsid
own_mounts
rescue=$(cd "$srcdir/initramfs/rescue" && pwd)
RESCUE_STATE=$dir/state
RESCUE_LOG=$dir/kernel.log
RESCUE_DISK_SECONDS=1
FARROOT_SYSTEM=$dir/system
export RESCUE_STATE RESCUE_LOG RESCUE_DISK_SECONDS FARROOT_SYSTEM
label=$FARROOT_SYSTEM/dev/disk/by-label/farroot-keys
key=$RESCUE_STATE/ssh/host_ed25519_key
mkdir -p "${label%/*}" "$dir/files" "$FARROOT_SYSTEM/etc/farroot"
ssh-keygen -q -t ed25519 -N '' -C 'of the disk' -f "$dir/files/ssh_host_ed25519_key"
wanted=$(cut -d ' ' -f 1,2 "$dir/files/ssh_host_ed25519_key.pub")
# shellcheck disable=SC2016 # a hash
hash='$6$salt$Sd0M8buB8XDY/Gt8fjtOGmAKR.'
echo "$hash" >"$dir/files/password"
chmod 600 "$dir/files"/*

# plug_in: a disk with what is in $dir/files now.
plug_in() {
	rm -f "$dir/disk"
	truncate -s 4M "$dir/disk"
	mkfs.ext4 -q -L farroot-keys -d "$dir/files" "$dir/disk" || fail mkfs.ext4
	ln -sf "$dir/disk" "$label"
}

# begins: a machine that has just started.
begins() {
	rm -rf "$RESCUE_STATE" "$RESCUE_LOG"
	mkdir -p "$RESCUE_STATE/ssh"
	: >"$RESCUE_STATE/device"
	: >"$RESCUE_LOG"
}

host_keys() {
	"$rescue/host-keys" "$RESCUE_STATE/ssh" >"$dir/host-keys.log" 2>&1 || fail "host-keys: $?"
}

logged() {
	grep -qF -e "$1" "$RESCUE_LOG" || fail "no message \"$1\" in: $(cat "$RESCUE_LOG")"
}

# --- the disk is there before sshd starts -------------------------------------------
plug_in
begins
"$rescue/disk-keys" || fail disk-keys
host_keys
same "$(ssh-keygen -y -f "$key" | cut -d ' ' -f 1,2)" "$wanted" "the key"
same "$(cut -d ' ' -f 1,2 "$key.pub")" "$wanted" "the public key"
same "$(stat -c %a "$key")" 600 "its mode"
[ ! -e "$RESCUE_STATE/ephemeral" ] || fail "the disk's key is called ephemeral"
logged "ssh host key $(ssh-keygen -l -f "$key.pub" | cut -d ' ' -f 2) (local disk)"
! grep -q " $RESCUE_STATE" /proc/self/mountinfo || fail "the disk is still mounted"

# The boot loader's configuration counts more.
begins
echo "host-key=$(printf '%032d' 7 | base64)" >"$RESCUE_STATE/device"
"$rescue/disk-keys" || fail disk-keys
host_keys
[ "$(cut -d ' ' -f 1,2 "$key.pub")" != "$wanted" ] || fail "the disk's key counts more than that of the EEPROM"
logged "(this machine's configuration)"

# The small flavour has neither ssh-keygen nor OpenSSH's format.
mkdir "$dir/small"
for program in sh sed awk xxd base64 tr tail rm mv cat printf dash; do
	ln -s "$(command -v $program)" "$dir/small/$program"
done
printf '%s\n' '#!/bin/sh' 'echo "Fingerprint: SHA256:x"' >"$dir/small/dropbearkey"
chmod +x "$dir/small/dropbearkey"
begins
"$rescue/disk-keys" || fail disk-keys
PATH=$dir/small "$rescue/host-keys" "$RESCUE_STATE/ssh" || fail "host-keys of the small flavour"
seed_public=$(sed '/^-----/d' "$dir/files/ssh_host_ed25519_key" | base64 -d | tail -c +162 | head -c 64 | xxd -p | tr -d '\n')
same "$(xxd -p "$key" | tr -d '\n')" "0000000b7373682d6564323535313900000040$seed_public" "the key of dropbear"
logged "(local disk)"

# --- it comes later ------------------------------------------------------------------
rm "$label"
begins
echo 192.0.2.7 >"$RESCUE_STATE/address.eth0"
began=$(now_ms)
host_keys
[ $(($(now_ms) - began)) -lt "$(slack 5)000" ] || fail "sshd waits for a disk although there is an address"
logged "(made for this boot only)"
[ -e "$RESCUE_STATE/ephemeral" ] || fail "a new key is not called ephemeral"
cp "$key.pub" "$dir/first.pub"
sleep 60 &
sshd=$!
remember $sshd
echo $sshd >"$RESCUE_STATE/sshd.pid"
: >"$RESCUE_STATE/released.certificate"
plug_in
"$rescue/disk-keys" || fail disk-keys
wait_until 5 "sshd is told to start again" is_gone $sshd
[ -e "$RESCUE_STATE/again.ssh" ] || fail "sshd would start 5 seconds later"
host_keys
[ ! -e "$RESCUE_STATE/released.certificate" ] || fail "a certificate is not looked for again"
same "$(cut -d ' ' -f 1,2 "$key.pub")" "$wanted" "the key that came later"
[ ! -e "$RESCUE_STATE/ephemeral" ] || fail "it is called ephemeral"

# Until there is an address, a new key is not made.
begins
rm "$label"
"$rescue/host-keys" "$RESCUE_STATE/ssh" >"$dir/host-keys.log" 2>&1 &
waiting=$!
remember $waiting
plug_in
"$rescue/disk-keys" || fail disk-keys
wait $waiting || fail "host-keys: $?"
same "$(cut -d ' ' -f 1,2 "$key.pub")" "$wanted" "the key, while there is no address"
! grep -q 'this boot only' "$RESCUE_LOG" || fail "a key was made before there was an address"

# Never: the search ends.
begins
rm "$label"
"$rescue/disk-keys" || fail disk-keys
[ -e "$RESCUE_STATE/released.disk" ] || fail "the search does not end"
host_keys
logged "(made for this boot only)"

# --- files that are not to be trusted --------------------------------------------------
# refuses WHAT MESSAGE
refuses() {
	plug_in
	begins
	"$rescue/disk-keys" || fail disk-keys
	host_keys
	logged "$2"
	[ -e "$RESCUE_STATE/ephemeral" ] || fail "$1 is used"
}
not_of_root='ssh_host_ed25519_key of the partition farroot-keys: not a file of root with the mode 600'
chmod 640 "$dir/files/ssh_host_ed25519_key"
refuses "a key that others can read" "$not_of_root"
chmod 600 "$dir/files/ssh_host_ed25519_key"
chown 1000 "$dir/files/ssh_host_ed25519_key"
refuses "a key of a user" "$not_of_root"
mv "$dir/files/ssh_host_ed25519_key" "$dir/key"
ln -s /etc/passwd "$dir/files/ssh_host_ed25519_key"
refuses "a link" "$not_of_root"
rm "$dir/files/ssh_host_ed25519_key"
ssh-keygen -q -t ed25519 -N 'a passphrase' -f "$dir/files/ssh_host_ed25519_key"
refuses "a key with a passphrase" 'not an Ed25519 key without a passphrase'
rm "$dir/files/ssh_host_ed25519_key"*
ssh-keygen -q -t ecdsa -N '' -f "$dir/files/ssh_host_ed25519_key"
refuses "a key of another kind" 'not an Ed25519 key without a passphrase'

# --- the password of the serial line -----------------------------------------------------
echo serial=password >"$FARROOT_SYSTEM/etc/farroot/rescue.conf"
# A login would not return: its line has no program.
mkdir "$dir/programs"
printf '%s\n' '#!/bin/sh' 'exit 0' >"$dir/programs/setsid"
chmod +x "$dir/programs/setsid"

# serial_login: sets $shadow, that of root when the login is open, or nothing.
serial_login() {
	echo 'root:*:1::::::' >"$FARROOT_SYSTEM/etc/shadow"
	# A group of its own: what it keeps running ends with it.
	setsid env "PATH=$dir/programs:$PATH" "$rescue/serial" >"$dir/serial.log" 2>&1 &
	serial=$!
	remember $serial
	wait_until 10 "serial has decided" serial_decided
	kill -- -$serial 2>/dev/null
	shadow=$(cut -d : -f 2 "$FARROOT_SYSTEM/etc/shadow")
	[ "$shadow" != '*' ] || shadow=
}

serial_decided() {
	[ -e "$RESCUE_STATE/released.serial" ] || ! grep -q '^root:\*' "$FARROOT_SYSTEM/etc/shadow"
}

plug_in
begins
"$rescue/disk-keys" || fail disk-keys
serial_login
same "$shadow" "$hash" "the hash of the disk"

begins
# shellcheck disable=SC2016 # a hash
echo 'password=$6$other' >"$RESCUE_STATE/device"
"$rescue/disk-keys" || fail disk-keys
serial_login
# shellcheck disable=SC2016 # a hash
same "$shadow" '$6$other' "the hash of the EEPROM, which counts more"

# shellcheck disable=SC2016 # hashes
for content in 'plain text' 'a$b:0' '$6$a:b' ''; do
	printf '%s\n' "$content" >"$dir/files/password"
	plug_in
	begins
	"$rescue/disk-keys" || fail disk-keys
	serial_login
	same "$shadow" "" "a password that is \"$content\""
	logged 'the serial login is closed'
done
printf '%s\n' "$hash" >"$dir/files/password"
chmod 644 "$dir/files/password"
plug_in
begins
"$rescue/disk-keys" || fail disk-keys
serial_login
same "$shadow" "" "a hash that others can read"
