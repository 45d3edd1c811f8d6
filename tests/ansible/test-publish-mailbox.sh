#!/bin/sh
# SPDX-License-Identifier: MIT
# Copyright (c) 2026 The rpi-rescue-netboot authors
#
# The mailbox of the role publish, off unless asked for: farroot http puts and gets messages, with a login if there is one;
# other names, sizes, methods and lists are refused, and a second run changes nothing.
. "${srcdir:-..}/tests/lib.sh"
. "$srcdir/tests/ansible/lib.sh"
. "$srcdir/tests/ansible/publish-lib.sh"
need openssl
need_root
farroot=$(cd "$top_builddir" && pwd)/farroot
configure
make_build 1
variables "publish_mailbox_folder: $dir/mail
publish_mailbox_user: root
publish_mailbox_tmpfiles: $dir/tmpfiles.conf"
# The web server alone, without a version.
serve_play() {
	play publish -- --tags publish_server "$@"
}
# answers STATUS CURL-ARGUMENT...: the HTTP status.
answers() {
	want=$1
	shift
	same "$(curl -s -o "$dir/body" -w '%{http_code}' "$@")" "$want" "the answer to curl $*"
}
# The name of a message is made of 16 digits of its key.
message=mailbox/9ffefdef/0123456789abcdef.message

# Off.
serve_play
start_server
answers 403 -T "$dir/boot/http/boot.sig" "$url/$message"
if [ -e "$dir/mail" ] || [ -e "$dir/tmpfiles.conf" ]; then
	fail "a mailbox, though it is off"
fi

variables 'publish_mailbox: true'
serve_play --check --diff
changed some "check mode"
[ ! -e "$dir/mail" ] || fail "check mode has made a folder"
serve_play
changed some "the mailbox"
serve_play
changed 0 "the second run"
serve_play --check --diff
changed 0 "check mode after it"
reload() {
	kill -HUP "$nginx"
}
reload
takes() {
	echo one | "$farroot" http put "$url/$message" 2>"$dir/err"
}
wait_until 10 "the mailbox takes a message" takes
same "$("$farroot" http get "$url/$message")" one "the message"
echo two | "$farroot" http put "$url/$message" || fail "a second message"
same "$("$farroot" http get "$url/$message")" two "the second message"
for name in 9ffefdef/announcement 9ffefdef/0123456789abcdef.answer dca632010203/announcement; do
	echo x | "$farroot" http put "$url/mailbox/$name" || fail "$name is not taken"
done
for name in '' 9ffefdef 9ffefdef/ 9ffefdef/index.html 9ffefdef/0123.message 9ffefdef/x/announcement announcement 9f-f/announcement \
	9ffefdef/0123456789abcdef.message.php; do
	answers 404 "$url/mailbox/$name"
	answers 404 -T "$dir/boot/http/boot.sig" "$url/mailbox/${name:-x}"
done
answers 404 --path-as-is "$url/mailbox/../mail/mailbox/9ffefdef/"
for method in DELETE MKCOL MOVE POST; do
	answers 403 -X $method "$url/$message"
done
head -c 131073 /dev/zero >"$dir/large"
answers 413 -T "$dir/large" "$url/$message"
same "$("$farroot" http get "$url/$message")" two "the message after that"
same "$(header "$message" Cache-Control)" no-store "Cache-Control"
same "$(stat -c %a "$dir/mail/mailbox" "$dir/mail/$message" | tr '\n' ' ')" '700 600 ' "the modes"
echo beside >"$www/beside"
same "$(get beside)" beside "a file beside the mailbox"

# What is a day old goes.
if command -v systemd-tmpfiles >/dev/null; then
	systemd-tmpfiles --clean "$dir/tmpfiles.conf" || fail "systemd-tmpfiles"
	[ -e "$dir/mail/$message" ] || fail "a new message was deleted"
fi

# With a login.
printf 'pi:%s\n' "$(openssl passwd -apr1 secret)" >"$dir/htpasswd"
variables "publish_mailbox_login: $dir/htpasswd"
serve_play
changed some "the login"
reload
is_closed() {
	[ "$(curl -s -o "$dir/body" -w '%{http_code}' "$url/$message")" = 401 ]
}
wait_until 10 "the mailbox wants a login" is_closed
answers 401 -T "$dir/boot/http/boot.sig" "$url/$message"
answers 401 -u pi:wrong "$url/$message"
echo pi:secret >"$dir/login"
echo three | "$farroot" http put --login="$dir/login" "$url/$message" || fail "the login is not accepted"
same "$("$farroot" http get --login="$dir/login" "$url/$message")" three "the message with a login"

wrong 'not in publish_root' "{\"publish_mailbox_folder\": \"$www/mail\"}"
wrong 'must be an absolute path' '{"publish_mailbox_folder": "mail"}'
wrong 'must be an absolute path' '{"publish_mailbox_folder": "/srv/a; }"}'
wrong 'must be an absolute path' '{"publish_mailbox_login": "htpasswd"}'
wrong 'other than config, images, mailbox' '{"publish_channel": "mailbox"}'
refuses_all publish
