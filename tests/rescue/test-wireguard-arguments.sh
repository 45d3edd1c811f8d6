#!/bin/sh
# SPDX-License-Identifier: MIT
# Copyright (c) 2026 The rpi-rescue-netboot authors
#
# The WireGuard tunnel of the rescue system calls ip and wg with what the arguments say: the key
# by a pipe alone, the peer's name again while it is silent; faults are named; off without the
# argument.  The kernel and wg are stand-ins.
. "${srcdir:-..}/tests/rescue/reach-lib.sh"
reach_machine full 9ffefdef
state=$dir/full/state
peer=$(head -c 32 /dev/urandom | base64)
secret=$(head -c 32 /dev/urandom | base64)
cat >"$dir/programs/ip" <<'EOF'
#!/bin/sh
echo "ip $*" >>"$REACH_MACHINE/calls"
case $* in
*'type wireguard') [ ! -e "$REACH_MACHINE/no-wireguard" ] || { echo 'Error: Unknown device type.' >&2; exit 2; } ;;
esac
EOF
cat >"$dir/programs/wg" <<'EOF'
#!/bin/sh
case $* in
show*handshakes) printf 'x\t%s\n' "$(cat "$REACH_MACHINE/handshake")" && exit ;;
show*) echo 'PUBLIC' && exit ;;
esac
echo "wg $*" >>"$REACH_MACHINE/calls"
[ -e "$REACH_MACHINE/resolves" ] || { echo 'Name or service not known' >&2; exit 1; }
cat >"$REACH_MACHINE/key"
cat /proc/[0-9]*/cmdline /proc/[0-9]*/environ 2>/dev/null | tr '\000' '\n' >"$REACH_MACHINE/seen-by-all"
EOF
chmod +x "$dir/programs/ip" "$dir/programs/wg"

begins() {
	printf '%s\n' "$@" >"$state/arguments"
	: >"$dir/full/log"
	: >"$dir/full/calls"
	rm -f "$state/released.wireguard"
	"$dir/full/env" wireguard 2>"$dir/full/err" &
	service=$!
	remember $service
}
said() {
	grep -qF -e "$1" "$dir/full/log"
}
called() {
	grep -qxF -e "$1" "$dir/full/calls"
}

begins quiet
wait_until 5 "it ends without its argument" is_gone $service
[ -e "$state/released.wireguard" ] || fail "it would run again"
[ ! -s "$dir/full/calls" ] || fail "it does something"

set -- "farroot.wireguard=$peer@vpn.example.org:51820" farroot.wireguard-address=10.9.0.7/32,fd00::7/128 \
	farroot.wireguard-allowed=10.9.0.0/24,fd00::/64
begins "$@"
wait_until 5 "the key is missing" said 'this machine has no key for it'
mkdir -p "$state/disk"
echo "$secret" >"$state/disk/wireguard_key"
wait_until 5 "the name of the peer is not found" said 'vpn.example.org:51820: Name or service not known'
: >"$dir/full/resolves"
echo 0 >"$dir/full/handshake"
wait_until 5 "it is up" said 'farroot-wg has 10.9.0.7/32 fd00::7/128; its public key is PUBLIC'
same "$(cat "$dir/full/key")" "$secret" "the key"
! grep -qF -e "$secret" "$dir/full/seen-by-all" "$dir/full/calls" "$dir/full/log" || fail "others see the key"
for call in 'ip link add dev farroot-wg type wireguard' 'ip addr replace 10.9.0.7/32 dev farroot-wg' 'ip addr replace fd00::7/128 dev farroot-wg' \
	'ip link set dev farroot-wg up' 'ip route replace 10.9.0.0/24 dev farroot-wg' 'ip route replace fd00::/64 dev farroot-wg' \
	"wg set farroot-wg private-key /dev/stdin peer $peer endpoint vpn.example.org:51820 allowed-ips 10.9.0.0/24,fd00::/64 persistent-keepalive 25"; do
	called "$call" || fail "no call \"$call\" in: $(cat "$dir/full/calls")"
done
# Silent: its name is looked up again.  It answers: not any more; also after switch_root.
: >"$dir/full/calls"
: >"$state/handed-over"
wait_until 5 "the name is looked up again" grep -q '^wg set' "$dir/full/calls"
date +%s >"$dir/full/handshake"
wait_until 5 "it answers" said 'vpn.example.org:51820 answers'
: >"$dir/full/calls"
sleep 1
[ ! -s "$dir/full/calls" ] || fail "it goes on though the peer answers: $(cat "$dir/full/calls")"
# A new configuration: another tunnel instead of this one, then none.
printf '%s\n' "farroot.wireguard=$peer@[2001:db8::1]:51820" farroot.wireguard-address=10.9.0.8/32 farroot.wireguard-allowed=10.9.0.0/24 >"$state/arguments"
wait_until 5 "the tunnel is made again" called 'ip addr replace 10.9.0.8/32 dev farroot-wg'
called 'ip link del dev farroot-wg' || fail "the old tunnel stays: $(cat "$dir/full/calls")"
wait_until 5 "the new one answers" said '[2001:db8::1]:51820 answers'
: >"$dir/full/calls"
: >"$state/arguments"
wait_until 5 "it ends" is_gone $service
called 'ip link del dev farroot-wg' || fail "the tunnel without an argument stays: $(cat "$dir/full/calls")"
[ -e "$state/released.wireguard" ] || fail "it would run again"
rm "$state/handed-over"

for fault in "farroot.wireguard=short@h:1 $2 $3" "farroot.wireguard=$peer@-h:1 $2 $3" "$1 farroot.wireguard-address=x $3" \
	"$1 $2 farroot.wireguard-allowed=0.0.0.0/0" "$1 $2"; do
	# shellcheck disable=SC2086 # words
	begins $fault
	wait_until 5 "the fault in $fault is named" said 'farroot.wireguard'
	[ ! -s "$dir/full/calls" ] || fail "$fault: $(cat "$dir/full/calls")"
	end $service
done
: >"$dir/full/no-wireguard"
begins "$@"
wait_until 5 "a kernel without WireGuard" is_gone $service
said 'this kernel has none: Error: Unknown device type.' || fail "the log: $(cat "$dir/full/log")"
rm "$dir/programs/wg"
PATH=$(echo "$PATH" | tr ':' '\n' | while read -r folder; do [ -x "$folder/wg" ] || printf '%s:' "$folder"; done)
begins "$@"
wait_until 5 "an image without wg" is_gone $service
said 'this image has no wg' || fail "the log: $(cat "$dir/full/log")"
