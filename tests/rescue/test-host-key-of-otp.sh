#!/bin/sh
# SPDX-License-Identifier: MIT
# Copyright (c) 2026 The rpi-rescue-netboot authors
#
# farroot.host-key=otp: both flavours make the same ssh host key at each start, another one on each board; the
# boot loader's host-key= counts more; what is missing is named, and the next kind of key counts.  A
# stand-in plays Raspberry Pi's rpi-fw-crypto and its firmware.
. "${srcdir:-..}/tests/rescue/reach-lib.sh"
# The key of the device is 64 digits in the file otp.
cat >"$dir/programs/rpi-fw-crypto" <<'EOF'
#!/bin/sh
case $* in
'hmac --in '*' --key-id 1 --out '*) ;;
*) exit 1 ;;
esac
[ -s "$REACH_MACHINE/otp" ] || {
	echo 'Last crypto error: 6 (key not set)' >&2
	exit 255
}
openssl dgst -sha256 -mac HMAC -macopt "hexkey:$(cat "$REACH_MACHINE/otp")" -binary -out "$7" "$3"
EOF
chmod +x "$dir/programs/rpi-fw-crypto"
reach_small_tools
reach_machine full 9ffefdef
reach_machine small 1badcafe small
cat >"$dir/busybox/dropbearkey" <<'EOF'
#!/bin/sh
case $* in
'-t ed25519 -f '*) head -c 83 /dev/urandom >"$4" ;;
esac
EOF

# start_again MACHINE ARGUMENT...: as another start of it.
start_again() {
	at=$dir/$1
	shift
	rm -rf "$at/state/ssh" "$at/state/ephemeral"
	mkdir "$at/state/ssh"
	printf '%s\n' "$@" >"$at/state/arguments"
	: >"$at/log"
	"$at/env" host-keys "$at/state/ssh" || fail "host-keys"
	[ -s "$at/state/ssh/host_ed25519_key" ] || fail "no key"
	same "$(find "$at/state/ssh" -name "*key.*" ! -name "*.pub")" '' "what else is there"
}
said() {
	grep -qF -e "$1" "$at/log" || fail "no \"$1\" in the log: $(cat "$at/log")"
}
# The public key, as 64 digits, in the format of OpenSSH and of dropbear.
public() {
	if [ -s "$at/state/ssh/host_ed25519_key.pub" ]; then
		cut -d ' ' -f 2 "$at/state/ssh/host_ed25519_key.pub" | base64 -d
	else
		cat "$at/state/ssh/host_ed25519_key"
	fi | xxd -p | tr -d '\n' | tail -c 64
}

for machine in full small; do
	printf '%064d' 7 >"$dir/$machine/otp"
	cp "$dir/$machine/state/device" "$dir/device"
	start_again $machine farroot.host-key=otp
	said "(this machine's configuration)"
	: >"$dir/$machine/state/device"
	start_again $machine farroot.host-key=otp
	said "(this board's one-time-programmable memory)"
	first=$(public)
	[ ! -e "$at/state/ephemeral" ] || fail "a key for this boot only"
	start_again $machine farroot.host-key=otp
	same "$(public)" "$first" "$machine: the key of the next start"
	[ -z "${of_full-}" ] || same "$first" "$of_full" "the key of the same board in the other flavour"
	of_full=$first
	printf '%064d' 8 >"$dir/$machine/otp"
	start_again $machine farroot.host-key=otp
	[ "$(public)" != "$first" ] || fail "two boards have the same key"
	# Off, and without a key.
	for value in quiet farroot.host-key=no; do
		start_again $machine $value
		said '(made for this boot only)'
		! grep -q otp "$at/log" || fail "the log: $(cat "$at/log")"
	done
	: >"$dir/$machine/otp"
	start_again $machine farroot.host-key=otp
	said 'the firmware has given no key: Last crypto error: 6 (key not set); ignored'
	said '(made for this boot only)'
	printf '%064d' 0 >"$dir/$machine/otp"
	start_again $machine farroot.host-key=otp
	said 'the firmware has given no key: the key is not set; ignored'
done
# Known beforehand: the seed is what RFC 2104 says.
printf '%064d' 7 >"$dir/full/otp"
start_again full farroot.host-key=otp
seed=$(printf 'farroot ssh host key 1' | openssl dgst -sha256 -mac HMAC -macopt "hexkey:$(cat "$dir/full/otp")" -binary | xxd -p | tr -d '\n')
sed '/^-----/d' "$dir/full/state/ssh/host_ed25519_key" | base64 -d | xxd -p | tr -d '\n' | grep -q "$seed" || fail "another seed"
rm "$dir/programs/rpi-fw-crypto"
start_again full farroot.host-key=otp
said 'this image has no rpi-fw-crypto; ignored'
