#!/bin/sh
# SPDX-License-Identifier: MIT
# Copyright (c) 2026 The rpi-rescue-netboot authors
#
# Varnish with a cache that is smaller than the image: each range is an object of its own,
# streamed while it comes, and evicted by the next ones.
. "${srcdir:-..}/tests/servers/lib.sh"
need varnishd

make_served_image
backend_start 1
cat >"$dir/varnish.vcl" <<EOT
vcl 4.1;
backend origin { .host = "127.0.0.1"; .port = "$port1"; }
sub vcl_recv {
	set req.http.X-Range = req.http.Range;
	unset req.http.Range;
}
sub vcl_hash { hash_data(req.http.X-Range); }
sub vcl_backend_fetch { if (bereq.http.X-Range) { set bereq.http.Range = bereq.http.X-Range; } }
sub vcl_backend_response {
	set beresp.do_stream = true;
	if (beresp.status == 206) {
		set beresp.ttl = 1h;
		set beresp.http.X-Content-Range = beresp.http.Content-Range;
		unset beresp.http.Content-Range;
		set beresp.status = 200;
	}
}
sub vcl_deliver {
	if (resp.http.X-Content-Range) {
		set resp.http.Content-Range = resp.http.X-Content-Range;
		unset resp.http.X-Content-Range;
		set resp.status = 206;
	}
}
EOT
server_run() {
	launch varnishd -F -j none -n "$dir/varnish" -a "127.0.0.1:$server_port" \
		-f "$dir/varnish.vcl" -s malloc,16m
}
judge_server
evicted=$(varnishstat -1 -n "$dir/varnish" -f MAIN.n_lru_nuked | awk '{ print $2 }')
[ "$evicted" -gt 0 ] || fail "nothing was evicted: this tests nothing"
