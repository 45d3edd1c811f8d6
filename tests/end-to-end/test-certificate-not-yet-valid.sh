#!/bin/sh
# SPDX-License-Identifier: MIT
# Copyright (c) 2026 The rpi-rescue-netboot authors
#
# The clock of the machine is behind, so the server's certificate is not yet valid.  With a root
# hash its dates are judged by the server's Date, and nothing secret is sent before; its end, its
# name and its authority count as ever.  Without a root hash it is never accepted.
. "${srcdir:-..}/tests/lib.sh"
. "$srcdir/tests/end-to-end/faulty.sh"
need openssl python3 curl

# hours N: that time from now, for openssl.
hours() {
	date -u -d "now + $1 hours" +%Y%m%d%H%M%SZ
}

# certify_between NAME FROM TO: a certificate for 127.0.0.1 by the authority ca, valid between
# these hours from now; with its key in $dir/NAME.
certify_between() {
	printf '%s\n' '[ca]' 'default_ca=x' '[x]' "database=$dir/ca.db" "new_certs_dir=$dir" \
		'default_md=sha256' 'policy=p' 'rand_serial=yes' '[p]' 'commonName=supplied' >"$dir/ca.cnf"
	: >"$dir/ca.db"
	echo 'subjectAltName=IP:127.0.0.1' >"$dir/$1.ext"
	openssl req -newkey ec -pkeyopt ec_paramgen_curve:P-256 -nodes -subj "/CN=$1" \
		-keyout "$dir/$1.key" -out "$dir/$1.csr" 2>>"$dir/openssl.log" || fail "openssl cannot ask"
	openssl ca -batch -notext -config "$dir/ca.cnf" -cert "$dir/ca.pem" -keyfile "$dir/ca.key" \
		-startdate "$(hours "$2")" -enddate "$(hours "$3")" -extfile "$dir/$1.ext" \
		-in "$dir/$1.csr" -out "$dir/$1.pem" 2>>"$dir/openssl.log" || fail "openssl cannot sign"
	cat "$dir/$1.pem" "$dir/$1.key" >"$dir/$1"
}

# https_origin N CERTIFICATE HOURS: its Date is HOURS from now.
https_origin() {
	faulty_origin "$1" tls="$dir/$2" date=$(($3 * 3600))
	faulty_url=https://127.0.0.1:${faulty_url##*:}
}

# waits WHY ARGUMENT...: no byte is served.
waits() {
	why=$1
	shift
	say "$why"
	: >"$log"
	plugin_start url="$faulty_url/image" profile=none header='X-Token: secret' "$@"
	read_in_background 0 4096
	wait_until 10 "the log says what is wrong" logged "certificate"
	sleep 3
	reader_waits || fail "$why, and yet bytes were served"
	! grep -q ' secret$' "$requests" || fail "$why, and yet the token was sent"
	at_most "requests" "$(wc -l <"$requests")" "$most"
	plugin_stop
}

make_ca ca
make_ca other
make_image image 4
certify_between tomorrow 12 40

say "valid by the server's date"
https_origin 1 tomorrow 24
plugin_start url="$faulty_url/image" roothash="$roothash" profile=none cainfo="$dir/ca.pem" header='X-Token: secret' fill=yes \
	status="$dir/status.sock"
read_is_right 0 65536 "$dir/image"
logged 'not yet valid by the clock of this machine' || fail "the log does not say that another clock counts"
wait_until 20 "the whole image is here" is_whole_here
same "$(grep -vc ' secret$' "$requests")" 1 "the number of requests without the token: the one for the date"
head -n 1 "$requests" | grep -q ' -$' || fail "the first request had the token"
plugin_stop

most=3
https_origin 2 tomorrow 44
waits "by the server's date it has expired" roothash="$roothash" cainfo="$dir/ca.pem"
https_origin 3 tomorrow 0
waits "by the server's date it is not yet valid" roothash="$roothash" cainfo="$dir/ca.pem"
most=0
https_origin 4 tomorrow 24
waits "the authority is another one" roothash="$roothash" cainfo="$dir/other.pem"
https_origin 5 tomorrow 24
waits "there is no root hash" verify=none cainfo="$dir/ca.pem"
