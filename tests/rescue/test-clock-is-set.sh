#!/bin/sh
# SPDX-License-Identifier: MIT
# Copyright (c) 2026 The rpi-rescue-netboot authors
#
# The clock of the rescue system: DHCP's time servers count more than farroot.ntp=, Debian's are
# asked only if there are none; the console says which server set it, or once that none answered.
. "${srcdir:-..}/tests/lib.sh"
rescue=$(cd "$srcdir/initramfs/rescue" && pwd)
RESCUE_STATE=$dir/state
RESCUE_LOG=$dir/kernel.log
RESCUE_TIME_PAUSE=0.05
export RESCUE_STATE RESCUE_LOG RESCUE_TIME_PAUSE
mkdir "$dir/programs" "$dir/empty"

# Stand-ins that note which server was asked, and get an answer from the server named good alone.
cat >"$dir/programs/chronyd" <<EOF
#!/bin/sh
for server in \$4; do [ \$server = server ] || break; done
echo "chronyd \$server" >>"$dir/asked"
case \$server in good*) ;; *) exit 1 ;; esac
EOF
cat >"$dir/programs/rdate" <<EOF
#!/bin/sh
echo "rdate \$1 \$3" >>"$dir/asked"
case \$3 in good*) ;; *) exit 1 ;; esac
EOF
chmod +x "$dir/programs/"*

# begins DHCP-SERVERS ARGUMENT...
begins() {
	rm -rf "$RESCUE_STATE"
	mkdir "$RESCUE_STATE"
	: >"$RESCUE_LOG"
	: >"$dir/asked"
	[ -z "$1" ] || echo "$1" >"$RESCUE_STATE/ntp-servers"
	shift
	printf '%s\n' "$@" >"$RESCUE_STATE/arguments"
	echo 192.0.2.7 >"$RESCUE_STATE/address.eth0"
}

# sets_clock MESSAGE COMMAND...: the servers that were asked, in this order.
sets_clock() {
	message=$1
	shift
	PATH=$dir/programs:$PATH timeout "$(slack 20)" "$rescue/time" || fail "time ends with $?"
	grep -q "$message" "$RESCUE_LOG" || fail "no message \"$message\" in: $(cat "$RESCUE_LOG")"
	same "$(cat "$dir/asked")" "$(printf '%s\n' "$@")" "the servers asked"
	[ -e "$RESCUE_STATE/released.time" ] || fail "time would run again"
}

date='[0-9]\{4\}-[0-9][0-9]-[0-9][0-9] [0-9:]\{8\} UTC'
begins 'dead good.dhcp' farroot.ntp=good.argument
sets_clock "clock set to $date by good.dhcp (DHCP)" 'chronyd dead' 'chronyd good.dhcp'
begins 'dead' farroot.ntp=other,good.argument
sets_clock "clock set to $date by good.argument (farroot.ntp=)" 'chronyd dead' 'chronyd other' 'chronyd good.argument'

# At the start: not before the image was built.
mkdir -p "$dir/system/etc/farroot" "$dir/clock"
echo built=2000000000 >"$dir/system/etc/farroot/build.conf"
cat >"$dir/clock/date" <<EOF
#!/bin/sh
case \$1 in
+%s) cat "$dir/now" ;;
-s) echo "\${2#@}" >"$dir/now" ;;
esac
EOF
chmod +x "$dir/clock/date"
# starts AT: the clock after set-clock.
starts() {
	echo "$1" >"$dir/now"
	PATH=$dir/clock:$PATH FARROOT_SYSTEM=$dir/system "$rescue/set-clock"
	cat "$dir/now"
}
same "$(starts 0)" 2000000000 "the clock of a board without a battery"
same "$(starts 2000000001)" 2000000001 "a clock that goes"
rm "$dir/system/etc/farroot/build.conf"
same "$(starts 5)" 5 "the clock without a time of the build"

# in_background: what it has done by then is in $dir/asked and the log.
in_background() {
	PATH=$dir/programs:$PATH "$rescue/time" &
	time=$!
	remember $time
}

rounds() {
	[ "$(wc -l <"$dir/asked")" -ge "$1" ]
}

# DHCP has one that comes right behind the first address.
cat >"$dir/programs/sleep" <<EOF
#!/bin/sh
[ ! -d "$RESCUE_STATE" ] || echo good.dhcp >"$RESCUE_STATE/ntp-servers"
EOF
chmod +x "$dir/programs/sleep"
begins '' quiet
sets_clock "by good.dhcp (DHCP)" 'chronyd good.dhcp'
rm "$dir/programs/sleep"

# No server but Debian's, and that does not answer: said once.
begins '' quiet
in_background
wait_until 20 "many rounds" rounds 14
same "$(sort -u "$dir/asked")" 'chronyd 2.debian.pool.ntp.org' "the default server"
same "$(cat "$RESCUE_LOG")" 'farroot-rescue: the clock is not set yet: no answer from 2.debian.pool.ntp.org (farroot.ntp= names others)' "the log"
# A server of DHCP comes.
echo good.dhcp >"$RESCUE_STATE/ntp-servers"
wait_until 10 "the clock is set" grep -q 'by good.dhcp' "$RESCUE_LOG"
same "$(tail -n 1 "$dir/asked")" 'chronyd good.dhcp' "the last that was asked"

# No server is asked by default: no address yet, or not wanted.
begins '' quiet
rm "$RESCUE_STATE/address.eth0"
in_background
sleep 1
same "$(cat "$dir/asked")" '' "the servers asked without an address"
: >"$RESCUE_STATE/handed-over"
wait_until 5 "it ends with the rescue system" is_gone $time
begins '' farroot.ntp=none
in_background
sleep 1
same "$(cat "$dir/asked")" '' "the servers asked with farroot.ntp=none"
end $time

# The small flavour.
rm "$dir/programs/chronyd"
begins good.dhcp
sets_clock "by good.dhcp (DHCP)" 'rdate -n good.dhcp'
for program in sh cat grep sed tail tr date; do
	ln -s "$(command -v $program)" "$dir/empty/$program"
done
begins good.dhcp
PATH=$dir/empty "$rescue/time" || fail "time ends with $?"
same "$(cat "$RESCUE_LOG")" 'farroot-rescue: the clock is not set: this image has neither chronyd nor rdate' "the log"
[ -e "$RESCUE_STATE/released.time" ] || fail "time would run again"
