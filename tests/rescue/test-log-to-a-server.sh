#!/bin/sh
# SPDX-License-Identifier: MIT
# Copyright (c) 2026 The rpi-rescue-netboot authors
#
# farroot.syslog= sends the kernel's log to a server, with both flavours: each line once, with its level, time
# and machine, until a root file system has started; this machine's own /dev/log stays.  The kernel of
# farroot.netconsole= is a stand-in: it is told where to send, again when that changes.
. "${srcdir:-..}/tests/rescue/reach-lib.sh"
need python3 unshare setsid
unshare -m true 2>/dev/null || skip "no mount name spaces"
rm "$dir/programs/mount"
printf '#!/bin/sh\necho rescue-9ffefdef\n' >"$dir/programs/hostname"
cat >"$dir/programs/getent" <<'EOF'
#!/bin/sh
[ "$2" != log.example.org ]
EOF
chmod +x "$dir/programs/getent"
reach_small_tools
reach_machine full 9ffefdef
reach_machine small 1badcafe small
cat >"$dir/server.py" <<'EOF'
# server.py PORT-FILE: a syslog server; each datagram is a line of standard output.
import socket, sys

server = socket.socket(socket.AF_INET, socket.SOCK_DGRAM)
server.bind(("127.0.0.1", 0))
with open(sys.argv[1], "w") as out:
    print(server.getsockname()[1], file=out)
while True:
    print(server.recv(65536).decode().rstrip("\n"), flush=True)
EOF
python3 "$dir/server.py" "$dir/port" >>"$dir/received" &
remember $!
wait_until 10 "a server" test -s "$dir/port"
port=$(cat "$dir/port")

# begins MACHINE SERVICE ARGUMENT...
begins() {
	at=$dir/$1 name=$2
	shift 2
	printf '%s\n' "$@" >"$at/state/arguments"
	: >"$at/log"
	rm -f "$at/state/released.$name" "$at/state/handed-over"
	"$at/env" "$name" 2>"$at/err" &
	service=$!
	remember $service
}
said() {
	grep -qF -e "$1" "$at/log"
}
received() {
	grep -qE -e "$1" "$dir/received"
}

for name in syslog netconsole; do
	begins full $name quiet
	wait_until 10 "$name ends without its argument" is_gone $service
	[ -e "$at/state/released.$name" ] || fail "$name would run again"
	[ ! -s "$at/log" ] || fail "$name without its argument: $(cat "$at/log")"
done
for fault in farroot.syslog=-x farroot.syslog=h:0 farroot.syslog=h:99999 'farroot.syslog=a b'; do
	begins full syslog "$fault"
	wait_until 10 "the fault in $fault is named" said "$fault: not HOST or HOST:PORT"
	end $service
done
begins full syslog farroot.syslog=log.example.org
wait_until 10 "a name that is not known" said 'log.example.org: no such host'
end $service

# write RECORD...: as the kernel does, to one reader.
write() {
	# shellcheck disable=SC2016 # for sh -c
	printf '%s\n' "$@" | timeout "$(slack 20)" sh -c 'cat >"$0"' "$at/system/dev/kmsg"
}
group_is_gone() {
	! kill -0 -- "-$group" 2>/dev/null
}
ls -l -i /dev/log >"$dir/log-before" 2>&1
# shellcheck disable=SC2016 # as it is
first='6,1,1500000,-;first; "quoted" $HOME'
for machine in full small; do
	mkdir -p "$dir/$machine/system/dev"
	mkfifo "$dir/$machine/system/dev/kmsg"
	: >"$dir/received"
	begins $machine syslog "farroot.syslog=127.0.0.1:$port"
	write "$first" ' SUBSYSTEM=usb' '11,2,61000001,-;farroot-rescue: ready 61 s'
	wait_until 20 "$machine: two lines" received 'ready 61 s$'
	# The next reader begins with the oldest again.
	write "$first" '11,2,61000001,-;farroot-rescue: ready 61 s' '4,7,61500000,c;a warning'
	wait_until 20 "$machine: a third line" received 'a warning$'
	# shellcheck disable=SC2016 # as it is
	for line in '^<6>[A-Z][a-z][a-z] [ 0-9][0-9] [0-9:]{8} rescue-9ffefdef kernel: \[    1\.500000\] first; "quoted" \$HOME$' \
		'^<3>.* rescue-9ffefdef kernel: \[   61\.000001\] farroot-rescue: ready 61 s$' '^<4>.* kernel: \[   61\.500000\] a warning$'; do
		received "$line" || fail "$machine: no $line in: $(cat "$dir/received")"
	done
	same "$(grep -vc syslogd "$dir/received")" 3 "$machine: how many lines came"
	said "the kernel's log goes to 127.0.0.1 port $port, without encryption" || fail "$machine: the log: $(cat "$at/log")"
	same "$(ls -l -i /dev/log 2>&1)" "$(cat "$dir/log-before")" "/dev/log of this machine"
	group=$(cat "$at/state/syslog/pid")
	: >"$at/state/handed-over"
	wait_until 20 "$machine: it ends with the rescue system" is_gone $service
	wait_until 10 "$machine: all its processes end" group_is_gone
done

# The network console.
config=$dir/full/system/sys/kernel/config/netconsole
mkdir -p "$config"
cat >"$dir/programs/ip" <<'EOF'
#!/bin/sh
case $* in
*'route get 192.0.2.9') echo '192.0.2.9 dev eth0 src 192.0.2.7 uid 0 \    cache' ;;
*'route get '*) [ ! -e "$REACH_MACHINE/route" ] || cat "$REACH_MACHINE/route" ;;
*'to 192.0.2.9 dev eth0') echo '192.0.2.9 lladdr 02:00:00:00:00:09 REACHABLE' ;;
*'to 192.0.2.1 dev eth0') [ ! -e "$REACH_MACHINE/router" ] || echo '192.0.2.1 lladdr 02:00:00:00:00:01 router STALE' ;;
esac
EOF
printf '#!/bin/sh\n' >"$dir/programs/ping"
chmod +x "$dir/programs/ip" "$dir/programs/ping"
is_set() {
	[ "$(cd "$config/farroot" 2>/dev/null && cat dev_name local_ip remote_ip remote_port remote_mac enabled 2>/dev/null | tr '\n' ' ')" = "$1 " ]
}
for fault in farroot.netconsole=log.example.org farroot.netconsole=192.0.2.9:x; do
	begins full netconsole $fault
	wait_until 10 "the fault in $fault is named" said "$fault: not ADDRESS or ADDRESS:PORT"
	end $service
done
begins full netconsole farroot.netconsole=192.0.2.9
wait_until 10 "a server in the LAN" is_set 'eth0 192.0.2.7 192.0.2.9 6666 02:00:00:00:00:09 1'
echo farroot.netconsole=198.51.100.5:514 >"$at/state/arguments"
wait_until 10 "no route" said 'no route to 198.51.100.5'
echo '198.51.100.5 via 192.0.2.1 dev eth0 src 192.0.2.7 uid 0' >"$at/route"
wait_until 10 "a router without an answer" said '192.0.2.1 does not answer'
: >"$at/router"
wait_until 10 "a server behind a router" is_set 'eth0 192.0.2.7 198.51.100.5 514 02:00:00:00:00:01 1'
echo '198.51.100.5 via 192.0.2.1 dev eth0 src 192.0.2.8 uid 0' >"$at/route"
wait_until 10 "another address" is_set 'eth0 192.0.2.8 198.51.100.5 514 02:00:00:00:00:01 1'
rm "$config/farroot/dev_name"
mkdir "$config/farroot/dev_name"
echo farroot.netconsole=192.0.2.9 >"$at/state/arguments"
wait_until 10 "the kernel refuses it" said 'eth0: the kernel refuses it: '
: >"$at/state/handed-over"
wait_until 10 "it ends" is_gone $service
# The small flavour has no such module.
cat >"$dir/programs/modprobe" <<'EOF'
#!/bin/sh
[ "$1" = -q ] || { echo "FATAL: Module netconsole not found" >&2; exit 1; }
EOF
begins full netconsole farroot.netconsole=192.0.2.9
wait_until 10 "no module" is_gone $service
said 'netconsole: not in this image' || fail "the log: $(cat "$at/log")"
