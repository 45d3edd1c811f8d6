#!/bin/sh
# SPDX-License-Identifier: MIT
# Copyright (c) 2026 The rpi-rescue-netboot authors
#
# The role site_cache: a second run changes nothing, check mode tells the truth, nginx takes what
# it writes and stays as it was otherwise, secrets stay secret, wrong variables are refused, and
# other roles and a second cache have room on the same machine.
. "${srcdir:-..}/tests/lib.sh"
. "$srcdir/tests/ansible/lib.sh"
. "$srcdir/tests/ansible/cache-lib.sh"
need openssl
mkdir "$www"
origin_start 1
make_version 1
cache_variables

play site_cache -- --check --diff -e site_cache_nginx_folder="$dir/not-yet"
changed some "check mode before nginx is installed"
play site_cache -- --check --diff
changed some "check mode before the first run"
same "$(tree "$dir/cache")$(ls "$dir/conf.d")" '' "what check mode has made"
configure -e site_cache_url=
changed some "the first run"
cache_start
play site_cache
changed 0 "the second run"
play site_cache -- --check --diff
changed 0 "check mode after it"
play site_cache -- --tags site_cache_warm
changed 1 "the first time that the channels are brought"
said "now version $version"

# Whole images at night: units that systemd takes. A secret is shown neither by --diff nor by a
# failure, and only root can read it.
night='{"site_cache_image_at": "01:30", "site_cache_warm_rate": "50k",
	"site_cache_headers": {"Authorization": "Bearer hunter2-abc", "X-Site": "barn"}}'
play site_cache -- --diff -vvv -e "$night"
changed some "whole images at night"
! grep -F hunter2 "$dir/play.out" >&2 || fail "the output shows the secret"
grep -q '^OnCalendar=\*-\*-\* 01:30:00$' "$dir/units/farroot-site-cache-farroot-image.timer" || fail "no time"
grep -q 'proxy_limit_rate 50k;' "$dir/conf.d/farroot-cache-farroot.conf" || fail "no rate"
if command -v systemd-analyze >/dev/null; then
	systemd-analyze verify "$dir"/units/* >"$dir/units.log" 2>&1 || :
	! grep "$dir/units" "$dir/units.log" >&2 || fail "systemd does not take the units"
fi
grep -q '^proxy_set_header Authorization "Bearer hunter2-abc";$' "$dir/conf.d/farroot-cache-farroot.headers" || fail "no header"
same "$(stat -c %a "$dir/conf.d/farroot-cache-farroot.headers")" 600 "the mode of the secret"
! grep -rlF hunter2 "$dir/conf.d" "$dir/units" "$dir/cache" "$dir/bin" | grep -v 'farroot.headers$' >&2 || fail "the secret is in other files"

# A configuration that nginx does not take: what was there stays, and nothing new.
before=$(tree "$dir/conf.d")
refuses 'so it is as it was before' site_cache -- --diff -vvv -e "$night" \
	-e '{"site_cache_headers": {"Authorization": "Bearer hunter2-new"}, "site_cache_listen": ["300.1.1.1:80"]}'
! grep -F hunter2 "$dir/play.out" >&2 || fail "the failure shows the secret"
same "$(tree "$dir/conf.d")" "$before" "the configuration after a failure"
refuses 'so it is as it was before' site_cache -- -e site_cache_name=other -e "$night" -e '{"site_cache_listen": ["300.1.1.1:80"]}'
same "$(tree "$dir/conf.d")" "$before" "the configuration after a failure of the first run"
play site_cache
! grep -rlF hunter2 "$dir/conf.d" >&2 || fail "a header that is not wanted any more"
[ ! -e "$dir/units/farroot-site-cache-farroot-image.timer" ] || fail "the timer is still there"

# Other roles on the same machine: publish, and a second cache. Each has its own address.
wwwroot=$dir/publish
other_port=$(free_port)
publish="{\"publish_root\": \"$wwwroot\", \"publish_install\": false, \"publish_manage_service\": false, \"publish_listen\": [\"127.0.0.1:$other_port\"],
	\"publish_nginx_config\": \"$dir/conf.d/farroot.conf\", \"publish_nginx_test\": [\"nginx\", \"-t\", \"-q\", \"-c\", \"$dir/nginx.conf\"]}"
play publish -- --tags publish_server -e "$publish"
play site_cache
changed 0 "the cache, beside publish"
second="{\"site_cache_name\": \"second\", \"site_cache_listen\": [\"127.0.0.1:$(free_port)\"], \"site_cache_local_port\": $(free_port), \"site_cache_url\": \"\"}"
play site_cache -- -e "$second"
reload
nginx -t -q -c "$dir/nginx.conf" || fail "nginx does not take two caches and publish"
same "$(get farroot-site-cache)" 'farroot-site-cache farroot' "the first cache"
before=$(tree "$dir/conf.d")
refuses 'conflicting server name' site_cache -- -e site_cache_name=third -e "$second" \
	-e "{\"site_cache_name\": \"third\", \"site_cache_listen\": [\"127.0.0.1:$other_port\"]}"
same "$(tree "$dir/conf.d")" "$before" "the configuration after a conflict"
# Another server answers for the address of the cache, as Debian's welcome page does.
printf 'server { listen 127.0.0.1:%s default_server; server_name welcome; return 200 welcome; }\n' "$cache_port" >"$dir/conf.d/a.conf"
reload
shadowed() {
	[ "$(get farroot-site-cache)" = welcome ]
}
wait_until 10 "another server answers" shadowed
refuses 'another server of nginx answers there' site_cache
configure -e site_cache_url= -e site_cache_server_name=127.0.0.1
unshadowed() {
	! shadowed
}
wait_until 10 "the cache answers by its name" unshadowed
rm "$dir/conf.d/a.conf"

# Wrong variables.
wrong 'must be the URL of publish_root on the origin' '{"site_cache_origin": "images.example.org"}'
wrong 'must be the URL of publish_root on the origin' '{"site_cache_origin": "https://images.example.org/"}'
wrong 'site_cache_origin: https://...@images.example.org' '{"site_cache_origin": "https://me:hunter2@images.example.org"}'
wrong 'https needs a name' '{"site_cache_origin": "https://192.0.2.1"}'
wrong 'such as http://192.0.2.2' '{"site_cache_url": "192.0.2.2"}'
wrong 'must have only a-z, 0-9 and _' '{"site_cache_name": "a-b"}'
wrong 'other than images and versions' '{"site_cache_channels": ["pi", "images"]}'
wrong 'must begin and end with a /' '{"site_cache_fixed_names": ["images"]}'
wrong 'must be an absolute path' '{"site_cache_folder": "cache"}'
wrong 'site_cache_size: 16: must be a number with k, m or g' '{"site_cache_size": 16}'
wrong 'site_cache_size: 16: must be a number with k, m or g' '{"site_cache_size": "16"}'
wrong 'site_cache_warm_rate: fast: must be a number' '{"site_cache_warm_rate": "fast"}'
wrong 'must be between 64k and 16m' '{"site_cache_slice": "32k"}'
wrong 'must be 16 slices or more' '{"site_cache_size": "1m", "site_cache_slice": "1m"}'
wrong 'must be 1 or more' '{"site_cache_minutes": 0}'
wrong 'YAML needs the quotes' '{"site_cache_image_at": 3600}'
wrong 'need each other' '{"site_cache_listen": ["443 ssl"]}'
wrong 'need each other' '{"site_cache_certificate": "/etc/a.pem", "site_cache_certificate_key": "/etc/a.key"}'
wrong 'must be networks such as' '{"site_cache_allow": ["barn"]}'
wrong 'must be addresses and ports' '{"site_cache_listen": ["80; root /"]}'
wrong 'site_cache_headers: Host:' '{"site_cache_headers": {"Host": "example.org"}}'
wrong 'site_cache_headers: X-A:' '{"site_cache_headers": {"X-A": "hunter2\"; }"}}'
wrong 'site_cache_headers: X-A:' '{"site_cache_headers": {"X-A": "hunter2\n"}}'
wrong 'the text and not a path' '{"site_cache_ca": "/etc/ca.pem"}'
refuses_all site_cache
! grep -q hunter2 "$dir/play.out" || fail "a message shows a secret"
sed -i '/^site_cache_origin/d' "$dir/vars.yml"
refuses 'missing required arguments: site_cache_origin' site_cache
