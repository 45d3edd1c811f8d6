#!/bin/sh
# SPDX-License-Identifier: MIT
# Copyright (c) 2026 The rpi-rescue-netboot authors
#
# A machine behind NAT keeps a tunnel to a server, over IPv4 and IPv6, with both flavours' programs: real
# sshd, ssh, dropbear and dbclient, in namespaces with a router between them.  The tunnel comes back
# after an outage and a restart of the server, stays when another sshd takes port 22, and does not go
# to a server with another host key.  Its key can do nothing else.
. "${srcdir:-..}/tests/rescue/reach-lib.sh"
# shellcheck source-path=SCRIPTDIR source=rendezvous.sh
. "$srcdir/tests/rescue/rendezvous.sh"
need_root
need ip nft sshd dropbear dbclient
ssh=$reach_ssh
ns=farroot-$$
at_exit() {
	for one in server router full small; do
		for pid in $(ip netns pids $ns-$one 2>/dev/null); do
			kill -KILL "$pid" 2>/dev/null
		done
		ip netns del $ns-$one 2>/dev/null
	done
}
# Not for what runs in the background: its number would be that of a shell.
in_ns() {
	in_ns=$ns-$1
	shift
	ip netns exec "$in_ns" "$@"
}

# --- the network: a server, a router that forwards outwards alone, two machines ----
for one in server router full small; do
	ip netns add $ns-$one || skip "no network namespaces"
	in_ns "$one" ip link set lo up
done
in_ns router sysctl -qw net.ipv4.ip_forward=1 net.ipv6.conf.all.forwarding=1 2>/dev/null ||
	in_ns router sh -c 'echo 1 >/proc/sys/net/ipv4/ip_forward; echo 1 >/proc/sys/net/ipv6/conf/all/forwarding'
link() {
	ip link add "$2" netns $ns-"$1" type veth peer name "$4" netns $ns-"$3" || skip "no veth"
	in_ns "$1" ip link set "$2" up
	in_ns "$3" ip link set "$4" up
}
link router out server eth0
link router in0 full eth0
link router in1 small eth0
address() {
	in_ns "$1" ip addr add "$3" dev "$2" nodad 2>/dev/null || in_ns "$1" ip addr add "$3" dev "$2"
}
address server eth0 198.51.100.1/24
address server eth0 2001:db8::1/64
address router out 198.51.100.2/24
address router out 2001:db8::2/64
for n in 0 1; do
	[ $n = 0 ] && one=full || one=small
	address router in$n 192.168.$n.1/24
	address router in$n 2001:db8:$n:1::1/64
	address "$one" eth0 192.168.$n.7/24
	address "$one" eth0 2001:db8:$n:1::7/64
	in_ns "$one" ip route add default via 192.168.$n.1
	in_ns "$one" ip -6 route add default via 2001:db8:$n:1::1
done
in_ns server ip -6 route add default via 2001:db8::2
in_ns router nft -f - <<EOF || skip "this kernel has no nft"
table inet nat {
	chain forward { type filter hook forward priority 0; policy drop; ct state established,related accept; iifname "in*" accept; }
	chain out { type nat hook postrouting priority 100; oifname "out" meta nfproto ipv4 masquerade; }
}
EOF

# --- the server, as the role rendezvous configures it --------------------------
role=${rendezvous_template%/*}
ssh-keygen -q -t ed25519 -N '' -C '' -f "$dir/rendezvous"
ssh-keygen -q -t ed25519 -N '' -C '' -f "$dir/wrong"
rendezvous_accounts "$dir/etc"
# write_server HOST-KEY.  A machine that is gone is noticed sooner than in 90 s.
write_server() {
	rendezvous_config "$dir/keys" "$1" 'ListenAddress 198.51.100.1:22' 'ListenAddress [2001:db8::1]:22' "PidFile $dir/sshd.pid" |
		sed 's/ClientAliveInterval 30/ClientAliveInterval 1/' >"$dir/sshd.conf"
}
start_server() {
	rendezvous_start $ns-server "$dir/etc" "$dir/sshd.conf" "$dir/server.log"
	server=$rendezvous
	remember "$server"
	wait_until 10 "the server listens" has_listener
}
has_listener() {
	in_ns server ss -Hltn | grep -q '198.51.100.1:22 '
}
# With all of its sessions.
stop_server() {
	for pid in $(ip netns pids $ns-server); do
		kill -KILL "$pid" 2>/dev/null
	done
	wait_until 5 "the server is gone" is_gone "$server"
}

# --- the machines --------------------------------------------------------------
reach_small_tools
reach_machine full 9ffefdef
reach_machine small 1badcafe small
for program in dropbearkey dbclient; do
	rm -f "$dir/busybox/$program"
	printf '#!/bin/sh\nexec %s "$@"\n' "$(command -v $program)" >"$dir/busybox/$program"
	chmod +x "$dir/busybox/$program"
done
# The stand-in is for what the administrator starts.
mv "$dir/programs/ssh" "$dir/ssh"
known=$(cut -d ' ' -f 1,2 "$dir/rendezvous.pub")
# begins NAME SERVER PORT
begins() {
	printf 'farroot.tunnel=farroot-tunnel@%s\nfarroot.tunnel-port=%s\nfarroot.tunnel-host-key=%s\n' "$2" "$3" "$known" >"$dir/$1/state/arguments"
	: >"$dir/$1/log"
	ip netns exec "$ns-$1" env RESCUE_ALIVE=1 "$dir/$1/env" tunnel 2>"$dir/$1/tunnel.log" &
	eval "tunnel_$1=$!"
	remember $!
}
ends() {
	eval "end \$tunnel_$1"
	kill "$(cat "$dir/$1/state/tunnel/pid")" 2>/dev/null
}
said() {
	grep -qF -e "$2" "$dir/$1/log"
}
# A seed in the EEPROM, and a file on a disk.
seed=$(head -c 32 /dev/urandom | base64)
echo "tunnel-key=$seed" >>"$dir/full/state/device"
mkdir -p "$dir/small/state/disk"
ssh-keygen -q -t ed25519 -N '' -C '' -f "$dir/small/state/disk/tunnel_ed25519_key"
begins full 198.51.100.1 2201
begins small '[2001:db8::1]:22' 2202
wait_until 20 "the key of full is shown" said full 'the key of this machine is ssh-ed25519 AAAA'
wait_until 20 "the key of small is shown" said small 'the key of this machine is ssh-ed25519 AAAA'
same "$(sed -n 's/.*the key of this machine is //p' "$dir/small/log")" "$(cut -d ' ' -f 1,2 "$dir/small/state/disk/tunnel_ed25519_key.pub")" "the key of small"
# As keys.j2 writes them.
for one in full:2201 small:2202; do
	sed -n '/^restrict/p' "$role/keys.j2" | sed "s/{{ machine.port }}/${one#*:}/; s/{{ machine.name }}/${one%:*}/" |
		awk -v key="$(sed -n 's/.*the key of this machine is //p' "$dir/${one%:*}/log")" '{ i = index($0, "{{"); j = index($0, "}}"); print substr($0, 1, i - 1) key substr($0, j + 2) }'
done >"$dir/keys"
same "$(cut -d ' ' -f 1 "$dir/keys" | head -n 1)" 'restrict,port-forwarding,permitlisten="127.0.0.1:2201",command="/bin/false"' "a line of keys.j2"

# What has port 22 there: sshd, and dropbear.
serve_full() {
	printf 'ListenAddress 0.0.0.0:22\nHostKey %s\nUsePAM no\nStrictModes no\nPidFile none\nAuthorizedKeysFile %s\nForceCommand echo %s\n' \
		"$dir/full/state/ssh/host_ed25519_key" "$HOME/.ssh/id_ed25519.pub" "$1" >"$dir/full/sshd.conf"
	ip netns exec $ns-full "$(command -v sshd)" -D -e -f "$dir/full/sshd.conf" 2>>"$dir/full/sshd.log" &
	serving=$!
	remember $serving
}
serve_full 'this is full'
mkdir -p "$dir/small-root"
# shellcheck disable=SC2016 # for sh
ip netns exec $ns-small sh -c 'mount --bind "$0/small-root" /root && mkdir -p /root/.ssh && chmod 700 /root /root/.ssh &&
	cp "$1" /root/.ssh/authorized_keys && exec dropbear -F -E -s -P "$0/dropbear.pid" -p 22 -r "$2" -c "echo this is small"' \
	"$dir" "$HOME/.ssh/id_ed25519.pub" "$dir/small/state/ssh/host_ed25519_key" 2>"$dir/small/dropbear.log" &
remember $!

# login PORT NAME: through the tunnel, with the machine's own host key.
login() {
	in_ns server timeout 10 "$ssh" -F none -i "$HOME/.ssh/id_ed25519" -p "$1" -o BatchMode=yes -o LogLevel=ERROR -o StrictHostKeyChecking=yes \
		-o "UserKnownHostsFile=$HOME/.ssh/known_hosts" -o "HostKeyAlias=$2" root@127.0.0.1 x >"$dir/login" 2>"$dir/login.log"
}
reach_knows full full
reach_knows small small
write_server "$dir/rendezvous"
start_server
wait_until 30 "a login through the tunnel of full" login 2201 full
same "$(cat "$dir/login")" 'this is full' "where the tunnel of full leads"
wait_until 30 "a login through the tunnel of small" login 2202 small
same "$(cat "$dir/login")" 'this is small' "where the tunnel of small leads"
! login 2201 small || fail "another machine's host key is accepted"
! in_ns server timeout 2 nc -z 192.168.0.7 22 2>/dev/null || fail "the machine can be reached without the tunnel"
! in_ns router ss -Hltn | grep -q 220 || fail "a port is open elsewhere"
same "$(in_ns server ss -Hltn | grep -o '[^ ]*:220[0-9]' | sort | tr '\n' ' ')" '127.0.0.1:2201 127.0.0.1:2202 ' "where the ports are open"

# The key can do nothing else.
tunnel_ssh() {
	in_ns full timeout 10 "$ssh" -F none -i "$dir/full/state/tunnel/key" -o BatchMode=yes -o LogLevel=ERROR -o StrictHostKeyChecking=no \
		-o UserKnownHostsFile=/dev/null "$@" >"$dir/try" 2>&1
}
! tunnel_ssh farroot-tunnel@198.51.100.1 echo it-ran || fail "a command ran"
! grep -q it-ran "$dir/try" || fail "a command ran: $(cat "$dir/try")"
! tunnel_ssh -tt farroot-tunnel@198.51.100.1 || fail "a shell"
! tunnel_ssh -s farroot-tunnel@198.51.100.1 sftp </dev/null || fail "sftp"
! tunnel_ssh -W 198.51.100.1:22 farroot-tunnel@198.51.100.1 </dev/null || fail "a connection from the server"
for listen in 127.0.0.1:2203 0.0.0.0:2201 0.0.0.0:2204 127.0.0.1:2202; do
	! tunnel_ssh -N -o ExitOnForwardFailure=yes -R "$listen:127.0.0.1:22" farroot-tunnel@198.51.100.1 || fail "listens on $listen"
	grep -q 'remote port forwarding failed' "$dir/try" || fail "$listen: $(cat "$dir/try")"
done
! tunnel_ssh root@198.51.100.1 true || fail "a login as root"

# The root file system's own sshd takes port 22.
: >"$dir/full/state/handed-over"
end $serving
serve_full 'this is the root'
wait_until 10 "another server" login 2201 full
same "$(cat "$dir/login")" 'this is the root' "where the tunnel leads now"

# An outage; then the server starts again.
in_ns router ip link set out down
lost() {
	! in_ns server ss -Hltn | grep -q '127.0.0.1:220'
}
wait_until 30 "the server has noticed that both are gone" lost
in_ns router ip link set out up
in_ns router ip addr add 2001:db8::2/64 dev out nodad 2>/dev/null
wait_until 30 "full is back after an outage" login 2201 full
wait_until 30 "small is back after an outage" login 2202 small
stop_server
start_server
wait_until 30 "full is back after a restart of the server" login 2201 full
wait_until 30 "small is back after a restart of the server" login 2202 small

# A server with another host key.
stop_server
write_server "$dir/wrong"
for one in full small; do
	: >"$dir/$one/log"
done
start_server
wait_until 20 "full names it" said full 'Host key verification failed.'
wait_until 20 "small names it" grep -q 'ssh-ed25519 host key mismatch' "$dir/small/log"
sleep 1
lost || fail "a tunnel to another server"
[ "$(wc -l <"$dir/full/log")" -le 3 ] || fail "lines in the log: $(cat "$dir/full/log")"
stop_server
write_server "$dir/rendezvous"
start_server
wait_until 30 "full is back" login 2201 full
wait_until 30 "small is back" login 2202 small

# Faults of the configuration are named.
ends full
for fault in 'farroot.tunnel=x farroot.tunnel-port=2201' 'farroot.tunnel=-x@198.51.100.1 farroot.tunnel-port=2201' \
	'farroot.tunnel=a@198.51.100.1:99999 farroot.tunnel-port=2201' 'farroot.tunnel=a@b farroot.tunnel-port='; do
	echo "$fault" | tr ' ' '\n' >"$dir/full/state/arguments"
	: >"$dir/full/log"
	ip netns exec $ns-full "$dir/full/env" tunnel &
	tunnel_full=$!
	remember $!
	wait_until 5 "the fault in $fault is named" said full 'not USER@HOST:PORT and a port'
	end $tunnel_full
done
printf 'farroot.tunnel=a@198.51.100.1\nfarroot.tunnel-port=1\n' >"$dir/full/state/arguments"
ip netns exec $ns-full "$dir/full/env" tunnel &
remember $!
wait_until 5 "the host key is missing" said full 'the host key of the server is not known'
