#!/bin/sh
# SPDX-License-Identifier: MIT
# Copyright (c) 2026 The rpi-rescue-netboot authors
#
# A machine takes its configuration from a web server when the site's key has signed it for this
# machine, and its number is higher; keeps it on a disk; and refuses by name what a lying server
# sends, while it goes on asking.  signify makes and checks the same files.
. "${srcdir:-..}/tests/rescue/reach-lib.sh"
need nginx signify-openbsd
reach_small_tools
reach_machine full 9ffefdef
reach_machine small 1badcafe small
image=$srcdir/image/farroot-image
site=$dir/site out=$dir/signed
mkdir -p "$site/hosts/9ffefdef" "$site/hosts/1badcafe" "$site/groups/lab"
echo serial=shell >"$site/site.conf"
openssl genpkey -algorithm ed25519 -out "$dir/config.key" 2>/dev/null
openssl genpkey -algorithm ed25519 -out "$dir/other.key" 2>/dev/null
sh "$image" config --public --key "$dir/config.key" >"$site/config.pub" || fail "farroot-image config --public"
sign() {
	sh "$image" config "$site" -o "$out" --key "$dir/config.key" "$@" >"$dir/sign.log" 2>&1 || fail "farroot-image config: $(cat "$dir/sign.log")"
}
printf 'farroot.ntp=192.0.2.1\nfarroot.hostname=lab\n' >"$site/groups/lab/device.conf"
printf 'farroot.hostname=north\nip=192.0.2.7\n' >"$site/hosts/9ffefdef/device.conf"
echo groups=lab >"$site/hosts/9ffefdef/host.conf"
echo 'farroot.hostname=small' >"$site/hosts/1badcafe/device.conf"

# --- signing -----------------------------------------------------------------
sign --number 5
same "$(sed 1,2d "$out/9ffefdef.conf")" 'farroot-config 1
name=9ffefdef
number=5
farroot.ntp=192.0.2.1
farroot.hostname=lab
farroot.hostname=north' "what is signed"
for file in "$out"/*.conf; do
	signify-openbsd -V -q -e -p "$site/config.pub" -x "$file" -m "$dir/message" || fail "signify refuses $file"
	[ -s "$dir/message" ] || fail "signify reads nothing in $file"
done
cp -r "$out" "$dir/first"
sign --number 9
diff -r "$dir/first" "$out" || fail "what did not change was signed again"
echo 'farroot.hostname=south' >"$site/hosts/9ffefdef/device.conf"
! sh "$image" config "$site" -o "$out" --key "$dir/config.key" --number 5 >"$dir/sign.log" 2>&1 || fail "a number did not rise"
grep -q 'machines would refuse the number 5' "$dir/sign.log" || fail "$(cat "$dir/sign.log")"
sign --number 9
same "$(cat "$dir/sign.log")" "$out/9ffefdef.conf: number 9" "what was signed"
! sh "$image" config "$site" -o "$out" --key "$dir/other.key" >"$dir/sign.log" 2>&1 || fail "another key was taken"
grep -q 'not the public half of --key' "$dir/sign.log" || fail "$(cat "$dir/sign.log")"
echo 'farroot.password=x' >>"$site/hosts/1badcafe/device.conf"
! sh "$image" config "$site" -o "$out" --key "$dir/config.key" >"$dir/sign.log" 2>&1 || fail "a secret was signed"
sed -i '/password/d' "$site/hosts/1badcafe/device.conf"

# --- taking ------------------------------------------------------------------
# shellcheck disable=SC2016 # of nginx
origin_start 1 'if (-f $document_root/broken) { return 503; } if (-f $document_root/moved) { return 302 http://127.0.0.1:1/; }'
# shellcheck disable=SC2154 # set by origin_start
url=$url1/config
www=$dir/www1/config
mkdir "$www"
state=$dir/full/state

# begins NAME ARGUMENT...: the machine starts, with what is on its disk.
begins() {
	name=$1
	shift
	rm -rf "$dir/$name/state/config" "$dir/$name/state/joined"
	: >"$dir/$name/log"
	cp "$site/config.pub" "$dir/$name/system/etc/farroot/"
	echo "quiet farroot.config=$url $*" >"$dir/$name/system/proc/cmdline"
	"$dir/$name/env" gather-arguments || fail gather-arguments
	"$dir/$name/env" config-poll 2>"$dir/$name/poll.log" &
	config=$!
	remember $config
}
has() {
	grep -qxF -e "$2" "$dir/$1/state/arguments"
}
said() {
	grep -qF -e "$2" "$dir/$1/log"
}

begins small
wait_until 10 "there is none yet" said small "configuration 1badcafe.conf: $url has none"
cp "$out/1badcafe.conf" "$www/"
wait_until 10 "the small flavour has it" has small farroot.hostname=small
wait_until 5 "the hostname" grep -qsx small "$dir/small/hostname"
said small "configuration 1badcafe.conf: number 5 from $url" || fail "the log: $(cat "$dir/small/log")"
same "$(wc -l <"$dir/small/log")" 2 "lines of the log"
printf 'farroot.mailbox=http://192.0.2.1/m\nfarroot.hostname=small\nfarroot.header=X-Site: north hall\n' >"$site/hosts/1badcafe/device.conf"
sign --number 6
cp "$out/1badcafe.conf" "$www/"
: >"$dir/small/state/released.mailbox"
wait_until 10 "it is renewed" has small 'farroot.mailbox=http://192.0.2.1/m'
grep -qxF 'farroot.header="X-Site: north hall"' "$dir/small/state/cmdline" || fail "for the boot: $(cat "$dir/small/state/cmdline")"
wait_until 5 "the mailbox looks again" test ! -e "$dir/small/state/released.mailbox"
# The boot has read its arguments: what it goes by stays.
: >"$dir/small/state/joined"
cp "$dir/small/state/cmdline" "$dir/cmdline"
echo 'farroot.hostname=late' >>"$site/hosts/1badcafe/device.conf"
sign --number 7
cp "$out/1badcafe.conf" "$www/"
wait_until 10 "it is renewed" has small farroot.hostname=late
cmp "$dir/cmdline" "$dir/small/state/cmdline" || fail "the arguments of the boot changed under it"
: >"$dir/small/state/handed-over"
wait_until 5 "it ends with the rescue system" is_gone $config

# --- lies --------------------------------------------------------------------
begins full farroot.config-groups=lab
cp "$out"/*.conf "$www/"
wait_until 10 "the configuration" has full farroot.hostname=south
has full farroot.ntp=192.0.2.1 || fail "no value of the group: $(cat "$state/arguments")"
! grep -q '^ip=' "$state/arguments" || fail "an address by a server"
cp "$state/arguments" "$dir/true"
good=$www/9ffefdef.conf
is_calm() {
	! grep -q . "$state/config/poll/told.9ffefdef.web"
}
# refuses TEXT: what the file $dir/lie has; then the true one is there again.
refuses() {
	: >"$dir/full/log"
	mv "$dir/lie" "$good"
	wait_until 10 "the log says: $1" said full "configuration 9ffefdef.conf: $url: $1"
	cmp "$dir/true" "$state/arguments" || fail "a value of a lie is used: $(cat "$state/arguments")"
	sleep 0.3
	same "$(wc -l <"$dir/full/log")" 1 "lines of the log: $(cat "$dir/full/log")"
	cp "$out/9ffefdef.conf" "$dir/again"
	mv "$dir/again" "$good"
	wait_until 10 "the true one is there again" is_calm
}
# made NUMBER NAME LINE...: signed by the site's own key, with signify's own program.
signify-openbsd -G -n -p "$dir/s.pub" -s "$dir/s.sec" || fail "signify -G"
made() {
	printf 'farroot-config 1\nname=%s\nnumber=%s\n' "$2" "$1" >"$dir/message"
	shift 2
	[ $# = 0 ] || printf '%s\n' "$@" >>"$dir/message"
	(
		# shellcheck disable=SC2034,SC2154 # for the parts
		boot_temp=$dir
		# shellcheck source=/dev/null
		. "$srcdir/image/lib/config-sign.sh"
		# shellcheck disable=SC2317 # for the parts
		boot_need_file() { :; }
		config_key "$dir/${key:-config}.key"
		config_sign "$dir/${key:-config}.key" "$dir/message" "$dir/made"
	)
	cat "$dir/made"
}
said_not='not signed by the key of /etc/farroot/config.pub: REFUSED'
key=other made 99 9ffefdef farroot.hostname=evil >"$dir/lie"
refuses "$said_not"
# The key's number is that of the site.
key=other made 98 9ffefdef farroot.hostname=evil >"$dir/evil"
{
	head -n 1 "$dir/evil"
	{
		sed -n 2p "$out/9ffefdef.conf" | base64 -d | head -c 10
		sed -n 2p "$dir/evil" | base64 -d | tail -c 64
	} | base64 -w 0
	echo
	sed 1,2d "$dir/evil"
} >"$dir/lie"
refuses "$said_not"
sed 's/south/sauth/' "$out/9ffefdef.conf" >"$dir/lie"
refuses "$said_not"
{ cat "$out/9ffefdef.conf" && echo farroot.hostname=evil; } >"$dir/lie"
refuses "$said_not"
head -c 200 "$out/9ffefdef.conf" >"$dir/lie"
refuses "$said_not"
: >"$dir/lie"
refuses "$said_not"
head -c 5000 /dev/urandom >"$dir/lie"
refuses "$said_not"
head -c 70000 /dev/zero >"$dir/lie"
refuses 'the answer has more than 65536 bytes'
cp "$out/1badcafe.conf" "$dir/lie"
refuses 'signed, but not for 9ffefdef, or not of this version: REFUSED'
cp "$out/group-lab.conf" "$dir/lie"
refuses 'signed, but not for 9ffefdef, or not of this version: REFUSED'
made 099 9ffefdef farroot.hostname=evil >"$dir/lie"
refuses 'signed, but not for 9ffefdef'
made 99999999999999999999 9ffefdef farroot.hostname=evil >"$dir/lie"
refuses 'signed, but not for 9ffefdef'
# Signed, and older, or another one with the same number.
cp "$dir/first/9ffefdef.conf" "$dir/lie"
refuses 'number 5 is not newer than 9: REFUSED'
made 9 9ffefdef farroot.hostname=evil >"$dir/lie"
refuses 'number 9 is not newer than 9: REFUSED'
for fault in broken moved; do
	: >"$dir/full/log"
	: >"$dir/www1/$fault"
	wait_until 10 "the log says $fault" said full "configuration 9ffefdef.conf: $url: "
	rm "$dir/www1/$fault"
done
rm "$good"
: >"$dir/full/log"
wait_until 10 "the log says that there is none" said full "$url has none"
cmp "$dir/true" "$state/arguments" || fail "a lie changed something: $(cat "$state/arguments")"
# The next true one, by signify itself; with what no server may say.
printf '%s\r\n' 'farroot-config 1' >"$dir/x"
made 10 9ffefdef farroot.hostname=west ip=10.0.0.1 vlan=e.5:e farroot.config=http://192.0.2.9 farroot.config-number=1 host-key=x password=x \
	mailbox-login=a:b "farroot.cookie=a$(printf '\033')b" 'Bad=1' 'farroot.rate=1M ' >"$good"
wait_until 10 "the next one" has full farroot.hostname=west
same "$(grep -v -x -f "$dir/true" "$state/arguments")" 'farroot.hostname=west
farroot.rate=1M ' "what it changes"
same "$(grep -c '^farroot.config=' "$state/arguments")" 1 "URLs"
end $config
cp "$dir/s.pub" "$site/config.pub"
begins full
printf 'farroot-config 1\nname=9ffefdef\nnumber=3\nfarroot.hostname=signify\n' >"$dir/message"
signify-openbsd -S -e -s "$dir/s.sec" -m "$dir/message" -x "$good" || fail "signify -S"
wait_until 10 "what signify has signed" has full farroot.hostname=signify
end $config

# --- a disk ------------------------------------------------------------------
sh "$image" config --public --key "$dir/config.key" >"$site/config.pub"
mkdir -p "$dir/full/partition" "$dir/full/system/dev/disk/by-label"
: >"$dir/full/system/dev/disk/by-label/farroot-keys"
cp "$out/9ffefdef.conf" "$good"
begins full
wait_until 10 "it is kept" cmp -s "$good" "$dir/full/partition/config/9ffefdef.conf"
end $config
# The next start: an old one on the server, and no address at first.
cp "$dir/first/9ffefdef.conf" "$good"
rm -rf "$state/disk" "$state/address.eth0" "$state/released.disk"
"$dir/full/env" disk-keys || fail disk-keys
begins full
wait_until 10 "the one of the disk" has full farroot.hostname=south
said full 'number 9 from the partition farroot-keys' || fail "the log: $(cat "$dir/full/log")"
echo 192.0.2.7 >"$state/address.eth0"
wait_until 10 "the old one is refused" said full "$url: number 5 is not newer than 9: REFUSED"
end $config
# Without a disk, an argument says the least number.  A disk's file is not trusted either.
made 2 9ffefdef farroot.hostname=evil >"$state/disk/config/9ffefdef.conf"
begins full farroot.config-number=9
wait_until 10 "both are refused" said full "$url: number 5 is not newer than farroot.config-number=9: REFUSED"
said full 'the partition farroot-keys: number 2 is not newer' || fail "the log: $(cat "$dir/full/log")"
! grep -q '^farroot.hostname' "$state/arguments" || fail "an old one is used"
end $config

# --- the boot waits ----------------------------------------------------------
# shellcheck source-path=SCRIPTDIR source=../../initramfs/scripts/farroot
. "$srcdir/initramfs/scripts/farroot"
farroot_rescue=$state
echo 1 >"$state/serve.pid"
echo $(($(farroot_seconds) + 2)) >"$state/config-wait"
before=$(now_ms)
farroot_join_rescue >"$dir/out"
took=$(($(now_ms) - before))
{ [ $took -ge 1000 ] && [ $took -le "$(slack 4000)" ]; } || fail "the boot waited $took ms"
grep -q 'waiting for the signed configuration' "$dir/out" || fail "the boot waits without a word"
[ -e "$state/joined" ] || fail "nothing says that the boot has read its arguments"
echo $(($(farroot_seconds) + 1000)) >"$state/config-wait"
cp "$out/9ffefdef.conf" "$good"
begins full
before=$(now_ms)
farroot_join_rescue >"$dir/out"
# Not for the 1,000 seconds; an idle machine takes 2.
[ $(($(now_ms) - before)) -le "$(slack 100000)" ] || fail "the boot waits though the configuration is here"
grep -qx 'farroot.hostname=south' "$state/arguments" || fail "the boot goes on without the configuration"
for log in "$dir"/*/poll.log; do
	[ ! -s "$log" ] || fail "messages on standard error: $(cat "$log")"
done
