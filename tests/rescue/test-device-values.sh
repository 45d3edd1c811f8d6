#!/bin/sh
# SPDX-License-Identifier: MIT
# Copyright (c) 2026 The rpi-rescue-netboot authors
#
# What the boot loader's configuration and the kernel's arguments say reaches the rescue
# system: quoted arguments, a section [farroot], a host key from its seed, a network
# configuration that dhcpcd accepts, and the principals of certificates by the serial number.
. "${srcdir:-..}/tests/lib.sh"
need openssl ssh-keygen xxd awk
rescue=$(cd "$srcdir/initramfs/rescue" && pwd)
RESCUE_STATE=$dir/state
export RESCUE_STATE
mkdir "$RESCUE_STATE"

words() {
	printf '%s\n' "$1" | "$rescue/words" | tr '\n' '|'
}
same "$(words 'a=1  b="two words" "c=three more" d="x"y quiet')" 'a=1|b=two words|c=three more|d=x"y|quiet|' "the words of a command line"
same "$(words '')" '' "the words of nothing"

# As the firmware passes it: with other sections, a line end of Windows, zero bytes at the end.
FARROOT_SYSTEM=$dir/system
export FARROOT_SYSTEM
same "$("$rescue/eeprom")" "" "a machine without such a configuration"
node=$FARROOT_SYSTEM/sys/firmware/devicetree/base/reserved-memory/nvram@0
devices=$FARROOT_SYSTEM/sys/bus/nvmem/devices
mkdir -p "$node" "$FARROOT_SYSTEM/proc/device-tree/aliases" "$devices/other0" "$devices/rmem0"
printf '/reserved-memory/nvram@0\0' >"$FARROOT_SYSTEM/proc/device-tree/aliases/blconfig"
echo '[farroot]' >"$devices/other0/nvmem"
ln -s "$FARROOT_SYSTEM/sys/firmware" "$devices/other0/of_node"
ln -s "$node" "$devices/rmem0/of_node"
printf '[all]\nBOOT_UART=1\nhost-key=wrong\n[farroot]\r\nip=192.0.2.7::192.0.2.1:255.255.255.0::eth0:off\n# a note\n  farroot.hostname=north-hall\n[config.txt]\nhostname=wrong\n[farroot]\nhost-key=%s\n\0\0\0\0' \
	"$(printf '%032d' 7 | base64)" >"$devices/rmem0/nvmem"
"$rescue/eeprom" >"$RESCUE_STATE/device"
same "$(stat -c %a "$devices/rmem0/nvmem")" 400 "who may read the configuration"
same "$(cat "$RESCUE_STATE/device")" "ip=192.0.2.7::192.0.2.1:255.255.255.0::eth0:off
farroot.hostname=north-hall
host-key=$(printf '%032d' 7 | base64)" "the section [farroot]"

# The name on servers: the lowest address of a card, unless the board has a serial number.
name() {
	# shellcheck source=/dev/null
	(. "$rescue/lib.sh" && machine_name)
}
same "$(name)" unknown "the name of a machine without anything"
for card in eth1:52:54:00:12:34:57 eth0:52:54:00:12:34:56 sit0:0.0.0.0 lo:00:00:00:00:00:00 veth0:02:00:00:00:00:01; do
	mkdir -p "$FARROOT_SYSTEM/sys/class/net/${card%%:*}"
	echo "${card#*:}" >"$FARROOT_SYSTEM/sys/class/net/${card%%:*}/address"
	case $card in
	eth*) : >"$FARROOT_SYSTEM/sys/class/net/${card%%:*}/device" ;;
	esac
done
same "$(name)" 525400123456 "the name by a card"

# Pauses between questions to a server: they grow up to the longest, and are not all the same;
# without an address they do not grow.
pauses() {
	(
		# shellcheck source=/dev/null
		. "$rescue/lib.sh"
		# shellcheck disable=SC2317 # for lib.sh
		sleep() { echo "$1"; }
		unset RESCUE_PAUSE
		back_off_limits 5 60
		n=0
		while [ $n -lt 12 ]; do
			back_off
			n=$((n + 1))
		done
	)
}
same "$(pauses | sort -u)" 5 "pauses without an address"
echo 192.0.2.7 >"$RESCUE_STATE/address.eth0"
pauses >"$dir/pauses"
rm "$RESCUE_STATE/address.eth0"
awk 'NR == 1 && ($1 < 3.7 || $1 > 6.3) || NR > 8 && ($1 < 45 || $1 > 75) { exit 1 }' "$dir/pauses" || fail "pauses: $(cat "$dir/pauses")"
[ "$(tail -n 4 "$dir/pauses" | sort -u | wc -l)" -gt 1 ] || fail "pauses without a jitter: $(cat "$dir/pauses")"

mkdir "$dir/keys"
key_of() {
	rm -f "$dir"/keys/*
	"$rescue/host-keys" "$dir/keys" >"$dir/log" 2>&1 || fail "host-keys: $(cat "$dir/log")"
	ssh-keygen -y -f "$dir/keys/host_ed25519_key"
}
key=$(key_of) || fail "no key of ssh: $(cat "$dir/log")"
same "$(key_of)" "$key" "the key of the same seed"
# The public key of the seed, by openssl alone.
wanted=$(printf '302e020100300506032b657004220420%s' "$(printf '%032d' 7 | xxd -p | tr -d '\n')" | xxd -r -p |
	openssl pkey -inform DER -pubout -outform DER | tail -c 32 | xxd -p | tr -d '\n')
same "$(echo "$key" | cut -d ' ' -f 2 | base64 -d | tail -c 32 | xxd -p | tr -d '\n')" "$wanted" "the public key"
[ ! -e "$RESCUE_STATE/ephemeral" ] || fail "a key of the configuration is called ephemeral"
: >"$RESCUE_STATE/released.disk"
echo 'host-key=too short' >"$RESCUE_STATE/device"
first=$(key_of)
[ "$(key_of)" != "$first" ] || fail "a key that was made is the same twice"
[ -e "$RESCUE_STATE/ephemeral" ] || fail "a key that was made is not called ephemeral"

conf() {
	printf '%s\n' "$@" >"$RESCUE_STATE/arguments"
	rm -f "$RESCUE_STATE/gateway6" "$RESCUE_STATE/names6"
	"$rescue/network" --only-write || fail "network: $*"
	cat "$RESCUE_STATE/dhcpcd.conf"
}
has() {
	echo "$conf" | grep -qx "$1" || fail "$2: no line \"$1\" in: $conf"
}
conf=$(conf ip=192.0.2.7::192.0.2.1:255.255.254.0::eth0:off:192.0.2.2:192.0.2.3)
has 'interface eth0' "a fixed address"
has 'static ip_address=192.0.2.7/23' "a fixed address"
has 'static routers=192.0.2.1' "a fixed address"
has 'static domain_name_servers=192.0.2.2 192.0.2.3' "a fixed address"
conf=$(conf ip=192.0.2.7::192.0.2.1)
! echo "$conf" | grep -q '^interface' || fail "a fixed address without an interface is for one alone"
has 'static ip_address=192.0.2.7/24' "a fixed address without a netmask"
conf=$(conf ip=192.0.2.7:::22)
has 'static ip_address=192.0.2.7/22' "a netmask that is a length"
conf=$(conf 'ip=[2001:db8::7]::[2001:db8::1]:48::eth0:off:[2001:db8::2]:[2001:db8::3]')
has 'static ip6_address=2001:db8::7/48' "a fixed IPv6 address"
# dhcpcd has just written its own.
mkdir -p "$FARROOT_SYSTEM/etc"
printf 'nameserver 192.0.2.9\nnameserver 2001:db8::3\n' >"$FARROOT_SYSTEM/etc/resolv.conf"
for reason in CARRIER CARRIER; do
	# shellcheck source-path=SCRIPTDIR source=../../initramfs/rescue/dhcpcd-exit-hook
	(interface=none && . "$rescue/dhcpcd-exit-hook") || fail "the hook"
done
same "$(cat "$FARROOT_SYSTEM/etc/resolv.conf")" 'nameserver 192.0.2.9
nameserver 2001:db8::3
nameserver 2001:db8::2' "the name servers of a fixed IPv6 address"
cmp "$FARROOT_SYSTEM/etc/resolv.conf" "$RESCUE_STATE/resolv.conf" || fail "the boot knows other name servers"
same "$(cat "$RESCUE_STATE/gateway6")" 2001:db8::1 "the IPv6 gateway"
conf=$(conf vlan=eth0.5:eth0)
has 'denyinterfaces .* eth0' "a VLAN"
conf=$(conf ip=none)
has 'denyinterfaces \*' "ip=none"
conf=$(conf quiet)
has 'persistent' "no ip="
! echo "$conf" | grep -q -e '^static' -e '^interface' || fail "no ip= has a fixed address"

# test-rescue-amd64.sh has logins by certificates.
mkdir -p "$FARROOT_SYSTEM/etc/farroot" "$RESCUE_STATE/ssh"
: >"$RESCUE_STATE/ssh/host_ed25519_key"
echo 'ssh-ed25519 AAAA ca' >"$FARROOT_SYSTEM/etc/farroot/user_ca.pub"
printf '100000009ffefdef\0' >"$FARROOT_SYSTEM/proc/device-tree/serial-number"
same "$(name)" 9ffefdef "the name by the serial number"
"$rescue/ssh" --only-write || fail "ssh --only-write: $?"
same "$(cat "$RESCUE_STATE/principals")" 'rescue
rescue@9ffefdef' "the principals of this machine"
for line in "HostKey $RESCUE_STATE/ssh/host_ed25519_key" "TrustedUserCAKeys $FARROOT_SYSTEM/etc/farroot/user_ca.pub" \
	"AuthorizedPrincipalsFile $RESCUE_STATE/principals" 'PasswordAuthentication no'; do
	grep -qxF -e "$line" "$RESCUE_STATE/sshd_config" || fail "no line \"$line\" in: $(cat "$RESCUE_STATE/sshd_config")"
done
rm "$FARROOT_SYSTEM/proc/device-tree/serial-number" "$FARROOT_SYSTEM/etc/farroot/user_ca.pub"
"$rescue/ssh" --only-write || fail "ssh --only-write: $?"
same "$(cat "$RESCUE_STATE/principals")" rescue "the principals of a machine without a serial number"
! grep -q -e TrustedUserCAKeys -e Principals "$RESCUE_STATE/sshd_config" || fail "principals without a CA"
