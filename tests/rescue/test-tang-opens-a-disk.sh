#!/bin/sh
# SPDX-License-Identifier: MIT
# Copyright (c) 2026 The rpi-rescue-netboot authors
#
# farroot.tang=yes with clevis, a Tang server and a LUKS header of Debian: the passphrase comes when the server does,
# and reaches what boots the disk and no file, argument or environment; another server is refused; what is
# open already stays alone; off without the argument.
. "${srcdir:-..}/tests/rescue/reach-lib.sh"
need clevis clevis-luks-bind jose cryptsetup socat curl
tangd=/usr/libexec/tangd
[ -x $tangd ] || skip "no $tangd"
reach_small_tools
reach_machine full 9ffefdef
reach_machine small 1badcafe small
at=$dir/full
port=$(free_port)
# serve KEYS: a Tang server.
serve() {
	socat "TCP-LISTEN:$port,bind=127.0.0.1,fork,reuseaddr" "EXEC:$tangd $1" 2>>"$dir/tang.log" &
	server=$!
	remember $server
	wait_until 10 "the Tang server answers" curl -fs -o "$dir/adv" "http://127.0.0.1:$port/adv"
}
mkdir "$dir/keys" "$dir/other-keys"
/usr/libexec/tangd-keygen "$dir/keys"
/usr/libexec/tangd-keygen "$dir/other-keys"
serve "$dir/keys"
truncate -s 20M "$dir/disk"
printf first >"$dir/first"
cryptsetup luksFormat -q --type luks2 --pbkdf pbkdf2 --pbkdf-force-iterations 1000 "$dir/disk" "$dir/first" || skip "cryptsetup cannot make a header here"
clevis luks bind -y -k "$dir/first" -d "$dir/disk" tang "{\"url\":\"http://127.0.0.1:$port\"}" >"$dir/bind.log" 2>&1 ||
	fail "clevis luks bind: $(cat "$dir/bind.log")"
clevis luks pass -d "$dir/disk" -s 1 >"$dir/pass" 2>"$dir/err" || fail "clevis luks pass: $(cat "$dir/err")"
passphrase=$(cat "$dir/pass")
rm "$dir/pass"
echo "$passphrase" >"$at/passphrase"
end $server
printf '%s\n' '/dev/other vfat' "$dir/disk crypto_LUKS" >"$at/disks"

# begins MACHINE ARGUMENT...
begins() {
	at=$dir/$1
	shift
	printf '%s\n' "$@" >"$at/state/arguments"
	: >"$at/log"
	rm -f "$at/state/released.tang"
	"$at/env" tang 2>"$at/err" &
	service=$!
	remember $service
}
said() {
	grep -qF -e "$1" "$at/log"
}

begins full quiet
wait_until 10 "it ends without its argument" is_gone $service
[ -e "$at/state/released.tang" ] || fail "it would run again"

begins full farroot.tang=yes
wait_until 60 "no server" said "tang: $dir/disk, slot 1: Error communicating with server"
# Another one at its address does not have the key.
serve "$dir/other-keys"
sleep 2
[ ! -e "$at/opened" ] || fail "another server opens the disk"
end $server
serve "$dir/keys"
wait_until 60 "it ends when the disk is open" is_gone $service
[ -e "$at/state/released.tang" ] || fail "it would run again"
same "$(cat "$at/opened")" "boot-local $dir/disk $passphrase" "what is opened"
said "the passphrase of $dir/disk is here; booting it" || fail "the log: $(cat "$at/log")"
! grep -qF -e "$passphrase" "$at/seen-by-all" || fail "others can see the passphrase"
leaks=$(grep -rlF -e "$passphrase" "$at" | grep -v -x -e "$at/passphrase" -e "$at/opened")
[ -z "$leaks" ] || fail "the passphrase is in $leaks"

# Opened by another way already, or a root file system was chosen: it stays alone.
rm "$at/opened"
mkdir -p "$at/system/sys/class/block/disk/holders/dm-0"
begins full farroot.tang=yes
sleep 2
[ ! -e "$at/opened" ] || fail "a disk that is open is opened again"
echo systemd >"$at/system/proc/1-comm"
mkdir -p "$at/system/proc/1"
mv "$at/system/proc/1-comm" "$at/system/proc/1/comm"
wait_until 20 "it ends when a root file system runs" is_gone $service

begins small farroot.tang=yes
wait_until 10 "it ends without clevis" is_gone $service
said 'farroot.tang=yes: this image has no clevis' || fail "the log: $(cat "$at/log")"
