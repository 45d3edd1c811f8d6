#!/bin/sh
# SPDX-License-Identifier: MIT
# Copyright (c) 2026 The rpi-rescue-netboot authors
#
# The cache and an https origin: its certificate is verified, it alone gets the token, nginx starts
# without a name server and follows an origin that moves, boot.img goes on where it broke off.
. "${srcdir:-..}/tests/lib.sh"
. "$srcdir/tests/ansible/lib.sh"
. "$srcdir/tests/ansible/cache-lib.sh"
need openssl
mkdir "$www"
# The names that the program can look up.
cat >"$dir/bin/getent" <<END
#!/bin/sh
[ "\$1" = ahosts ] && sed -n "s/^\$2 \(.*\)/\1 STREAM/p" "$dir/names" | grep .
END
chmod 755 "$dir/bin/getent"
: >"$dir/names"
make_ca ca
make_ca other-ca
certify images.test ca DNS:images.test
certify elsewhere.test ca DNS:elsewhere.test

# https_origin CERTIFICATE [LINE...]: origin 1 at $origin_address; it wants a token.
origin_address=127.0.0.1
https_origin() {
	certificate=$1
	shift
	# shellcheck disable=SC2016 # nginx's variables
	origin_listen=ssl origin_scheme=https origin_http='log_format seen "$http_authorization|$http_cookie|$args|$host";' \
		origin_start 1 "$(certificate_lines "$certificate")" "listen $origin_address:$((port1 + 1)) ssl;" \
		"access_log $dir/access1.log bytes; access_log $dir/seen.log seen;" \
		'if ($http_authorization != "Bearer abc") { return 401; }' "$@"
}
port1=$(free_port)
https_origin images.test
origin_port=$((port1 + 1))
make_version 1 4
cache_variables
sed -i "s,^site_cache_origin.*,site_cache_origin: https://images.test:$origin_port," "$dir/vars.yml"
variables "site_cache_headers: {Authorization: Bearer abc}
site_cache_ca: \"{{ lookup('file', '$dir/ca.pem') }}\""

status_of_get() {
	curl -s -o /dev/null -w '%{http_code}' "$url/$1"
}

answers() {
	[ "$(status_of_get nothing)" = "$1" ]
}

# Without a name server: nginx starts, and the role says what is missing.
configure -e site_cache_url=
said 'the name has no address now; nginx answers with status 502 until it has one'
cache_start
update
same "$code" 75 "the exit code without an address"
same "$(status_of_get pi/boot.sig)" 502 "the status without an address"

# The name has two addresses; at one of them nothing listens.
printf 'images.test 127.0.0.2\nimages.test 127.0.0.1\n' >"$dir/names"
has_update() {
	update
	[ "$code" = 0 ]
}
update
updated "images.test: new addresses: 127.0.0.1:$origin_port 127.0.0.2:$origin_port"
wait_until 20 "nginx has the addresses" has_update
"$farroot" verify "$url/$image" "$roothash" profile=none >&2 || fail "an image of an https origin"

# The origin gets the token and nothing of a machine; a question mark asks for no other file.
: >"$dir/seen.log"
curl -fsS -o /dev/null -H 'Authorization: Basic abcd' -H 'Cookie: a=b' "$url/versions/$version/boot.img?x=1" || fail "with a question mark"
same "$(sort -u "$dir/seen.log")" "Bearer abc|-|-|images.test" "what the origin has seen"
count=$(origin_requests 1)
curl -fsS -o /dev/null "$url/versions/$version/boot.img?x=2" || fail "with another question mark"
same "$(origin_requests 1)" "$count" "requests for the same file"
same "$(curl -s -o /dev/null -w '%{http_code}' -X POST "$url/$image")" 405 "the status of POST"

# The certificate of another name, and that of an authority that is not trusted. A connection from before could be open.
origin_stop 1
https_origin elsewhere.test
same "$(status_of_get nothing)" 502 "the status with the certificate of another name"
grep -q 'upstream SSL certificate does not match' "$dir/cache-logs"/*-error.log || fail "nginx does not say why"
update
same "$code" 75 "the exit code with the certificate of another name"
origin_stop 1
https_origin images.test
# With two addresses, nginx leaves both aside for 10 s after they failed.
wait_until 20 "nginx uses the address again" answers 404
configure -e "{\"site_cache_ca\": \"{{ lookup('file', '$dir/other-ca.pem') }}\"}"
wait_until 20 "nginx trusts another authority" answers 502
grep -q 'upstream SSL certificate verify error' "$dir/cache-logs"/*-error.log || fail "nginx does not say why"
before=$(tree "$dir/conf.d")
refuses 'nginx does not take it' site_cache -- -e '{"site_cache_ca": "-----BEGIN CERTIFICATE-----\nabc\n"}'
same "$(tree "$dir/conf.d")" "$before" "the configuration after a wrong certificate"
configure
wait_until 20 "nginx trusts the authority again" answers 404

# boot.img goes on where it broke off.
make_version 2 4
origin_stop 1
https_origin images.test 'limit_rate 100k;'
{
	wait_until 20 "a part of boot.img is here" test -s "$cache/new/pi.boot.img"
	origin_stop 1
} &
stopper=$!
remember $stopper
update
same "$code" 75 "the exit code when the origin has gone"
wait_until 20 "the origin has gone" is_gone $stopper
part=$(wc -c <"$cache/new/pi.boot.img")
say "boot.img: $part of 700000 bytes"
[ "$part" -gt 0 ] || fail "no part of boot.img"
[ "$part" -lt 700000 ] || fail "boot.img is complete: this tests nothing"
https_origin images.test
update
same "$code" 0 "the exit code: $(cat "$dir/update.out")"
updated "now version $version"
grep -q "^206 $((700000 - part)) bytes=$part- " "$dir/access1.log" || fail "boot.img was fetched again"

# The origin moves to another address. While the name server does not answer, nothing changes.
: >"$dir/names"
update
same "$code" 0 "the exit code without a name server"
updated 'nginx keeps those it has'
origin_stop 1
origin_address=127.0.0.3
https_origin images.test
echo 'images.test 127.0.0.3' >"$dir/names"
make_version 3 4
update
updated "new addresses: 127.0.0.3:$origin_port"
wait_until 20 "nginx has the new address" has_update
same "$(get pi/boot.sig)" "$(cat "$www/pi/boot.sig")" "boot.sig of an origin that has moved"
"$farroot" verify "$url/$image" "$roothash" profile=none >&2 || fail "an image of an origin that has moved"
