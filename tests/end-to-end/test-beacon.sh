#!/bin/sh
# SPDX-License-Identifier: MIT
# Copyright (c) 2026 The rpi-rescue-netboot authors
#
# What a machine tells the server of its fleet: signed, once per state and again after a time,
# queued while the server is away with tries that become rarer, a restart announced before or, with
# a disk, after it; and what makes a machine healthy.
. "${srcdir:-..}/tests/lib.sh"
need ssh-keygen curl
machine=$dir/machine
state=$machine/run/farroot-beacon
mkdir -p "$machine/etc/farroot/healthy.d" "$machine/etc/ssh" "$machine/proc/device-tree" "$machine/proc/sys/kernel/random" "$machine/run" "$dir/bin" "$dir/www1/fleet"
printf '10000000ABCDEF01\0' >"$machine/proc/device-tree/serial-number"
roothash=$(printf '%064d' 7)
echo "boot=farroot roothash=$roothash quiet" >"$machine/proc/cmdline"
ssh-keygen -q -t ed25519 -N '' -f "$machine/etc/ssh/ssh_host_ed25519_key"
echo "abcdef01 namespaces=\"farroot-beacon\" $(cat "$machine/etc/ssh/ssh_host_ed25519_key.pub")" >"$dir/allowed"
echo 'farroot-fleet 1 5 0123456789abcdef0123456789abcdef' >"$dir/www1/fleet/challenge"
cat >"$dir/bin/systemctl" <<END
#!/bin/sh
case \$1 in
is-system-running) cat "$dir/system" ;;
list-units) echo 'nginx.service loaded failed failed Web' ;;
esac
END
echo 'echo "{\"state\":\"filling\",\"image_bytes\":2000,\"present_bytes\":500,\"eta_s\":-1,\"last_error\":\"x\"}"' >"$dir/bin/farroot"
chmod 755 "$dir/bin"/*
PATH=$dir/bin:$PATH
origin_http="log_format query '\$args';" origin_start 1 "location = /fleet/challenge { default_type text/plain; access_log $dir/queries query if=\$args; }"
printf 'url=%s\nafter=60\n' "$url1" >"$machine/etc/farroot/beacon"

at() {
	echo "$1.50 1.00" >"$machine/proc/uptime"
}

run() {
	status=0
	timeout "$(slack 60)" sh "$srcdir/initramfs/root/beacon" "${1:-run}" "$machine" >"$dir/beacon.log" 2>&1 || status=$?
}

start_machine() {
	rm -rf "$state"
	cp /proc/sys/kernel/random/uuid "$machine/proc/sys/kernel/random/boot_id"
	echo running >"$dir/system"
}

has_lines() {
	[ "$(wc -l <"$dir/queries")" -ge "$1" ]
}

# came EVENT...: these, and no others since the last time; the last message is in $dir/message.
came() {
	events=
	# nginx writes its log after the answer.
	wait_until 5 "$# beacons have come" has_lines $#
	while read -r query; do
		message=${query#m=} signature=${query#*&s=}
		echo "${message%%&*}" | tr _- /+ | base64 -d >"$dir/message" || fail "no base64"
		{
			echo '-----BEGIN SSH SIGNATURE-----'
			echo "$signature" | tr _- /+ | fold -w 70
			echo '-----END SSH SIGNATURE-----'
		} >"$dir/signature"
		ssh-keygen -Y verify -f "$dir/allowed" -I abcdef01 -n farroot-beacon -s "$dir/signature" <"$dir/message" >"$dir/verify.log" 2>&1 || fail "not signed: $query"
		events="$events${events:+ }$(sed -n 's/^event //p' "$dir/message")"
	done <"$dir/queries"
	: >"$dir/queries"
	same "$events" "$*" "the events: $(cat "$dir/beacon.log")"
}

message_has() {
	grep -qx -e "$1" "$dir/message" || fail "the message has no '$1': $(cat "$dir/message")"
}

: >"$dir/queries"
start_machine
at 30
run
came boot status
message_has 'device abcdef01'
message_has 'challenge 5 0123456789abcdef0123456789abcdef'
message_has 'uptime 30.50'
message_has "roothash $roothash"
message_has 'phase filling'
message_has 'percent 25'
! grep -q '^eta' "$dir/message" || fail "an ETA that is not known"
at 70
run
came healthy
at 130
run
came
at 1900
run
came healthy

# A state that changes is told at once.
echo degraded >"$dir/system"
run
came unhealthy
message_has 'fault failed units: nginx.service '
echo degraded=yes >>"$machine/etc/farroot/beacon"
run
came healthy
printf '#!/bin/sh\necho first; printf "no\\tdisk\\n"; exit 3\n' >"$machine/etc/farroot/healthy.d/disk"
run
came
chmod 755 "$machine/etc/farroot/healthy.d/disk"
run
came unhealthy
message_has 'fault disk: nodisk'
rm "$machine/etc/farroot/healthy.d/disk"
run
came healthy

# Without the server: the latest state waits, and tries become rarer.
origin_stop 1
echo maintenance >"$dir/system"
at 2000
run
same "$status" 0 "the status without a server"
grep -q 'tried again later' "$dir/beacon.log" || fail "no message: $(cat "$dir/beacon.log")"
for seconds in 2100 2300 2700 3600; do
	at $seconds
	run
done
same "$(cat "$state/wait")" 480 "the pause"
next=$(cat "$state/next")
if [ "$next" -lt 3840 ] || [ "$next" -gt 4080 ]; then
	fail "the next try at $next"
fi
echo running >"$dir/system"
: >"$dir/queries"
origin_http="log_format query '\$args';" origin_start 1 "location = /fleet/challenge { default_type text/plain; access_log $dir/queries query if=\$args; }"
at 3700
run
came
at 4100
run
came healthy
[ ! -e "$state/wait" ] || fail "a pause after a success"

# A portal answers in its place.
echo '<html>farroot-fleet 1</html>' >"$dir/www1/fleet/challenge"
at 9000
run
came
grep -q 'is of another program' "$dir/beacon.log" || fail "no message about another program: $(cat "$dir/beacon.log")"
echo 'farroot-fleet 1 6 0123456789abcdef0123456789abcdef' >"$dir/www1/fleet/challenge"

# Restarts: only if the machine stops; afterwards, if the server was away then.
at 9500
run reboot
came
echo stopping >"$dir/system"
run reboot
came reboot
message_has 'challenge 6 0123456789abcdef0123456789abcdef'
origin_stop 1
run reboot
grep -q 'is not announced' "$dir/beacon.log" || fail "no message: $(cat "$dir/beacon.log")"
origin_http="log_format query '\$args';" origin_start 1 "location = /fleet/challenge { default_type text/plain; access_log $dir/queries query if=\$args; }"
start_machine
at 90
run
came reboot boot healthy
start_machine
at 90
run
came boot healthy

# What is wrong is said.
echo url=ftp://example.org >"$machine/etc/farroot/beacon"
run
same "$status" 1 "the status for a wrong URL"
grep -q 'url=ftp://example.org: must be the URL' "$dir/beacon.log" || fail "no message: $(cat "$dir/beacon.log")"
printf 'url=%s\nminutes=soon\n' "$url1" >"$machine/etc/farroot/beacon"
run
grep -q 'minutes=soon: must be a number; 30 is used' "$dir/beacon.log" || fail "no message: $(cat "$dir/beacon.log")"
: >"$machine/proc/device-tree/serial-number"
run
same "$status" 1 "the status without a serial number"
grep -q 'add device=' "$dir/beacon.log" || fail "no message: $(cat "$dir/beacon.log")"

if command -v systemd-analyze >/dev/null; then
	mkdir "$dir/units"
	cp "$srcdir/initramfs/root/farroot-beacon.timer" "$dir/units"
	for unit in farroot-beacon farroot-beacon-restart; do
		# The program is not installed.
		sed "s|@farrootlibexecdir@.*|/bin/true|" "$srcdir/initramfs/root/$unit.service.in" >"$dir/units/$unit.service"
	done
	SYSTEMD_UNIT_PATH="$dir/units:" systemd-analyze verify --man=no "$dir"/units/* >"$dir/verify.log" 2>&1 || fail "systemd-analyze: $(cat "$dir/verify.log")"
	! grep farroot-beacon "$dir/verify.log" || fail "the units"
fi
