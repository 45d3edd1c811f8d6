#!/bin/sh
# SPDX-License-Identifier: MIT
# Copyright (c) 2026 The rpi-rescue-netboot authors
#
# farroot http gets and puts a small file, in one try: errors, redirects, and answers that are
# cut off or too large are failures with a reason, and print nothing.
. "${srcdir:-..}/tests/lib.sh"
need nginx python3
origin_start 1 'dav_methods PUT; location = /moved { return 302 http://127.0.0.1:1/x; } location = /bad { return 500; }
location = /gone { return 410; } location /closed/ { auth_basic farroot; auth_basic_user_file '"$dir/users"'; dav_methods PUT; create_full_put_path on; }'
# shellcheck disable=SC2154 # set by origin_start
url=$url1
printf 'machine:{PLAIN}se cret;x\n' >"$dir/users"
printf 'machine:se cret;x\r\nmore' >"$dir/login"
printf 'a\0b' >"$dir/www1/file"
head -c 65537 /dev/zero >"$dir/www1/large"

# http STATUS TEXT ARGUMENT...
http() {
	wanted=$1 text=$2
	shift 2
	status=0
	"$farroot" http "$@" >"$dir/out" 2>"$dir/err" <"$dir/in" || status=$?
	[ "$status" = "$wanted" ] || fail "farroot http $*: status $status: $(cat "$dir/err")"
	[ "$wanted" = 0 ] || [ ! -s "$dir/out" ] || fail "farroot http $*: output"
	[ "$wanted" = 0 ] || grep -qF -e "$text" "$dir/err" || fail "farroot http $*: no '$text' in: $(cat "$dir/err")"
	! grep -q 'se cret' "$dir/err" || fail "farroot http $*: shows a password"
}

printf 'x\0y' >"$dir/in"
http 0 '' get "$url/file"
cmp "$dir/out" "$dir/www1/file" || fail "other bytes"
http 0 '' put "$url/new"
http 0 '' put "$url/new"
cmp "$dir/in" "$dir/www1/new" || fail "other bytes were put"
: >"$dir/in"
http 0 '' put "$url/empty"
same "$(stat -c %s "$dir/www1/empty")" 0 "the bytes of an empty file"
http 3 'HTTP status 404' get "$url/absent"
http 3 'HTTP status 410' get "$url/gone"
http 1 'HTTP status 500' get "$url/bad"
http 1 'no redirect is followed' get "$url/moved"
http 1 'more than 65536 bytes' get "$url/large"
http 0 '' get --max-bytes=65537 "$url/large"
same "$(wc -c <"$dir/out")" 65537 "the bytes of a large file"
echo xx >"$dir/in"
http 1 'more bytes than --max-bytes=' put "$url/new" --max-bytes=1
http 1 'refuses the login, or wants one' put "$url/closed/a"
http 0 '' put --login="$dir/login" "$url/closed/a"
http 1 'No such file' get --login="$dir/none" "$url/file"
http 1 'connect' get http://127.0.0.1:1/x
http 2 'must begin with http' get file:///etc/passwd
http 2 'not a number' get --max-seconds=0 "$url/file"
http 2 'give get or put' delete "$url/file"

# A server that ends too early, sends without an end, sends nothing, or garbage.
cat >"$dir/liar" <<'EOF'
import socket, sys, time
listener = socket.socket()
listener.bind(("127.0.0.1", 0))
listener.listen()
print(listener.getsockname()[1], flush=True)
answers = {
    b"/short": b"HTTP/1.1 200 OK\r\nContent-Length: 100\r\n\r\nonly this",
    b"/chunk": b"HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\n\r\n5\r\nhello\r\n",
    b"/garbage": b"\0\1\2\3 garbage\r\n",
    b"/nothing": b"",
    b"/header": b"HTTP/1.1 200 OK\r\nX: " + b"a" * 2000000,
    b"/endless": b"HTTP/1.1 200 OK\r\n\r\n" + b"a" * 3000000,
    b"/silent": None,
}
kept = []
while True:
    client, _ = listener.accept()
    answer = answers.get(client.recv(4096).split(b" ")[1])
    if answer is None:
        kept.append(client)
        continue
    try:
        client.sendall(answer)
    except OSError:
        pass
    client.close()
EOF
python3 "$dir/liar" >"$dir/port" &
remember $!
wait_until 10 "a port" test -s "$dir/port"
liar=http://127.0.0.1:$(cat "$dir/port")
for path in short chunk garbage nothing header; do
	http 1 'farroot http: ' get "$liar/$path"
	http 1 'farroot http: ' put "$liar/$path"
done
http 1 'more than 65536 bytes' get "$liar/endless"
http 1 'Timeout' get --max-seconds=1 "$liar/silent"
