#!/bin/sh
# SPDX-License-Identifier: MIT
# Copyright (c) 2026 The rpi-rescue-netboot authors
#
# A machine whose host key the server does not know: with a certificate of the host authority, which it fetches from the server, its
# beacons count; without one, or with that of another machine, it stays unsigned.
. "${srcdir:-..}/tests/lib.sh"
www=$dir/www1
# shellcheck disable=SC2034 # for fleet-lib.sh
{
	port1=$(free_port)
	url=http://127.0.0.1:$port1
}
. "$srcdir/tests/ansible/fleet-lib.sh"
need python3
version=0000000000000001
mkdir -p "$www/versions/$version"
for file in boot.img boot.sig; do
	echo "$file" >"$www/versions/$version/$file"
done
roothash=$(echo image | sha256sum | cut -d ' ' -f 1)
echo "$roothash" >"$www/versions/$version/roothash"
ln -s "versions/$version" "$www/pi"
# shellcheck disable=SC2016 # nginx's variables
origin_http='log_format fleet escape=json '\''{"time":"$msec","address":"$remote_addr","method":"$request_method","uri":"$uri","args":"$args","status":"$status","sent":"$body_bytes_sent","etag":"$sent_http_etag","agent":"$http_user_agent"}'\'';' \
	origin_start 1 "access_log $dir/fleet-access fleet;"
ssh-keygen -q -t ed25519 -N '' -f "$dir/host_ca"
for name in barn:abcdef01 field:abcdef02; do
	serial=${name#*:} name=${name%:*}
	make_unsigned "$name" "10000000$serial" all
	key=$dir/$name/etc/ssh/ssh_host_ed25519_key
	ssh-keygen -q -t ed25519 -N '' -C "$name" -f "$key"
	ssh-keygen -q -s "$dir/host_ca" -I "$name" -n "$serial" -O clear -V +1d "$key.pub"
	mv "$key-cert.pub" "$dir/$name.cert"
	mkdir -p "$dir/$name/run"
	echo "boot=farroot roothash=$roothash" >"$dir/$name/proc/cmdline"
	cp /proc/sys/kernel/random/uuid "$dir/$name/proc/sys/kernel/random/boot_id"
	echo '10.00 1.00' >"$dir/$name/proc/uptime"
done
cat >"$dir/fleet.json" <<END_OF_JSON
{"root": "$www", "log": "$dir/fleet-access", "state": "$dir/fleet-state", "host_authorities": ["$(cat "$dir/host_ca.pub")"],
 "devices": [{"name": "barn", "serial": "abcdef01"}, {"name": "field", "serial": "abcdef02"}]}
END_OF_JSON
update

# Without a certificate.
for name in barn field; do
	curl -fsS -A "$agent" -o "$dir/boot.img" "$url/devices/$(serial_of $name)/boot.img" || fail "no boot.img for $name"
	beat $name
done
update
is barn unsigned
is field unsigned

# barn has its own, field that of barn. The machine asks once per day for a certificate.
mkdir "$www/fleet/certificates"
cp "$dir/barn.cert" "$www/fleet/certificates/abcdef01"
cp "$dir/barn.cert" "$www/fleet/certificates/abcdef02"
beat barn 3600
same "$(grep -c '/fleet/certificates/abcdef01' "$dir/fleet-access")" 1 "questions for a certificate on the first day"
for name in barn field; do
	touch -d '-2 days' "$dir/$name/run/farroot-beacon/certificate-asked"
	beat $name 3600
done
update
is barn healthy
is field unsigned

# field gets its own; barn's is taken away, and it does not go on with the old one.
cp "$dir/field.cert" "$www/fleet/certificates/abcdef02"
rm "$www/fleet/certificates/abcdef01"
for name in barn field; do
	touch -d '-2 days' "$dir/$name/run/farroot-beacon/certificate-asked"
	beat $name 3600
done
update
is field healthy
[ ! -e "$dir/barn/run/farroot-beacon/certificate" ] || fail "a certificate that the server does not have any more"

# From a file of the machine.
echo "certificate=$dir/barn.cert" >>"$dir/barn/etc/farroot/beacon"
before=$(grep -c '/fleet/certificates/abcdef01' "$dir/fleet-access")
touch -d '-2 days' "$dir/barn/run/farroot-beacon/certificate-asked"
printf '#!/bin/sh\nexit 1\n' >"$dir/check"
mkdir "$dir/barn/etc/farroot/healthy.d"
install -m 755 "$dir/check" "$dir/barn/etc/farroot/healthy.d/check"
beat barn 3600
update
is barn 'check: ' fault
same "$(grep -c '/fleet/certificates/abcdef01' "$dir/fleet-access")" "$before" "questions for a certificate that the machine has"
