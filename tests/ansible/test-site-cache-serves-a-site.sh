#!/bin/sh
# SPDX-License-Identifier: MIT
# Copyright (c) 2026 The rpi-rescue-netboot authors
#
# A cache that the role site_cache has configured, and three machines at its site: the origin
# sends each byte once; the site goes on without the uplink; a new version comes when all of it is
# here, and back; wrong bytes in the cache are mended.
. "${srcdir:-..}/tests/lib.sh"
. "$srcdir/tests/ansible/lib.sh"
. "$srcdir/tests/ansible/cache-lib.sh"
need nbdkit nbdcopy
mib=32
mkdir "$www"
# So slow that the machines need the same bytes at the same time.
origin_start 1 'limit_rate 2m;'
cache_variables
configure -e site_cache_url=
cache_start
make_version 1 $mib

# Before the first run of the program, boot files come from the origin.
same "$(get pi/boot.sig)" "$(cat "$www/pi/boot.sig")" "boot.sig from the origin"
same "$(header pi/boot.sig X-Cache-Status)" HIT "boot.sig, asked again within a second"

# three_machines: read the whole image at once; sets $sent, the bytes of the origin.
three_machines() {
	: >"$dir/access1.log"
	readers='' machines=''
	for machine in 1 2 3; do
		socket=$dir/machine$machine.sock
		plugin_start url="$url/$image" roothash="$roothash" profile="$url/pi/root.img.profile" fill=no cache=64M
		machines="$machines $nbdkit"
	done
	for machine in 1 2 3; do
		socket=$dir/machine$machine.sock
		{
			read_all 4 | sha256_of >"$dir/machine$machine.sha256"
		} &
		readers="$readers $!"
		remember $!
	done
	for reader in $readers; do
		wait_until 60 "a machine has read the image" is_gone "$reader"
	done
	for machine in 1 2 3; do
		same "$(cat "$dir/machine$machine.sha256")" "$(sha256_of <"$www/$image")" "the image at machine $machine"
	done
	for machine in $machines; do
		end "$machine"
	done
	sent=$(origin_bytes 1)
}
three_machines
size=$(wc -c <"$www/$image")
say "the origin sent $sent bytes for an image of $size"
[ "$sent" -le $((size + size / 20)) ] || fail "the origin sent $sent bytes for an image of $size"
[ "$sent" -ge "$size" ] || fail "the machines did not use the cache: this tests nothing"
first_image=$image first_roothash=$roothash first_version=$version

# The program keeps the channel: boot.img is here though no machine has asked for it.
update
same "$code" 0 "the exit code: $(cat "$dir/update.out")"
updated "channel pi: now version $version"
update
same "$code $(cat "$dir/update.out")" '0 ' "the second run"

# A damaged slice of the cache: the engine asks past the cache, which then has the right one.
slice=$(grep -lF "$(printf 'KEY: /%sbytes=1048576-1310719' "$image")" -r "$cache/slices" -a)
[ -n "$slice" ] || fail "no slice"
printf damage | dd of="$slice" bs=1 seek=100000 conv=notrunc status=none
: >"$dir/access1.log"
"$farroot" verify "$url/$image" "$roothash" profile=none >&2 || fail "the image is damaged"
sent=$(origin_bytes 1)
[ "$sent" -gt 0 ] || fail "the damaged slice was not used: this tests nothing"
[ "$sent" -le 1048576 ] || fail "the origin sent $sent bytes for one damaged slice"
: >"$dir/access1.log"
"$farroot" verify "$url/$image" "$roothash" profile=none >&2 || fail "the image is damaged"
same "$(origin_bytes 1)" 0 "bytes of the origin after the repair"

# The uplink is off.
origin_stop 1
three_machines
for file in boot.img boot.sig roothash root.img.profile; do
	get "pi/$file" | cmp - "$www/pi/$file" || fail "$file without the origin"
done
update
same "$code" 75 "the exit code without the origin"
updated 'cannot be reached (status 502)'
play site_cache
changed 0 "the role without the origin"
said 'cannot be reached (status 502)'
# Without a name server nginx starts, too.
cache_stop
cache_start
"$farroot" verify "$url/$image" "$roothash" profile=none >&2 || fail "the image after a restart of nginx"

# A second version. The origin breaks off in the middle of boot.img, and lacks the image: machines
# see the old version until all is here.
make_version 2 8
second=$version
mv "$www/$image" "$dir/image"
mv "$www/pi/boot.img" "$dir/boot.img"
head -c 300000 "$dir/boot.img" >"$www/pi/boot.img"
origin_start 1
update
same "$code" 75 "the exit code"
updated 'boot.img is not the one of boot.sig'
same "$(get pi/boot.sig)" "$(cat "$www/versions/$first_version/boot.sig")" "boot.sig of the version before"
mv "$dir/boot.img" "$www/pi/boot.img"
update
same "$code" 75 "the exit code"
updated "$image: the origin 127.0.0.1 answers with status 404"
same "$(get pi/boot.sig)" "$(cat "$www/versions/$first_version/boot.sig")" "boot.sig of the version before"
mv "$dir/image" "$www/$image"
update
same "$code" 0 "the exit code: $(cat "$dir/update.out")"
updated "now version $second, before pi.$first_version"
for file in boot.img boot.sig roothash root.img.profile; do
	get "pi/$file" | cmp - "$www/versions/$second/$file" || fail "$file of the second version"
done
# What a boot reads is here: the superblock, the profile and the hash tree at the end.
: >"$dir/access1.log"
for range in 0-4095 1048576-1310719 -60000; do
	curl -fsS -r "$range" -o /dev/null "$url/$image" || fail "range $range"
done
same "$(origin_bytes 1)" 0 "bytes of the origin for what a boot reads"
three_machines
size=$(wc -c <"$www/$image")
[ "$sent" -le "$size" ] || fail "the origin sent $sent bytes for the rest of the second image"

# Another channel with the same version: boot.img is here already.
ln -s "versions/$second" "$www/canary"
configure -e '{"site_cache_channels": ["pi", "canary"]}'
: >"$dir/access1.log"
update
same "$code" 0 "the exit code"
updated "channel canary: now version $second"
get canary/boot.img | cmp - "$www/versions/$second/boot.img" || fail "boot.img of another channel"
[ "$(origin_bytes 1)" -le 10000 ] || fail "the origin sent $(origin_bytes 1) bytes for another channel"

# Back to the first version, which is still here, also its image.
ln -sfn "versions/$first_version" "$www/pi"
: >"$dir/access1.log"
update
same "$code" 0 "the exit code"
updated "now version $first_version, before pi.$second"
get pi/boot.img | cmp - "$www/versions/$first_version/boot.img" || fail "boot.img after the rollback"
"$farroot" verify "$url/$first_image" "$first_roothash" >&2 || fail "the first image"
[ "$(origin_bytes 1)" -le 10000 ] || fail "the origin sent $(origin_bytes 1) bytes for a rollback"
