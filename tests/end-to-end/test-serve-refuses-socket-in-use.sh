#!/bin/sh
# SPDX-License-Identifier: MIT
# Copyright (c) 2026 The rpi-rescue-netboot authors
#
# farroot serve does not push a server aside that listens on its socket already.
. "${srcdir:-..}/tests/lib.sh"
need python3

python3 -c '
import socket, sys, time
s = socket.socket(socket.AF_UNIX); s.bind(sys.argv[1]); s.listen(1); print("ready", flush=True); time.sleep(600)
' "$socket" >"$dir/ready" &
listener=$!
remember $listener
wait_until 10 "a process listens" [ -s "$dir/ready" ]
status=0
timeout "$(slack 20)" "$farroot" serve http://127.0.0.1:1/x "roothash=$(printf '%064d' 1)" \
	"--socket=$socket" "status=$dir/status.sock" >"$dir/out" 2>"$dir/err" </dev/null || status=$?
same "$status" 1 "exit status: $(cat "$dir/err")"
grep -qF 'already listens' "$dir/err" || fail "nothing was said: $(cat "$dir/err")"
[ ! -s "$dir/out" ] || fail "an error on standard output"
is_alive "$listener" || fail "the listener is gone"
[ -S "$socket" ] || fail "the listener's socket is gone"
