#!/bin/sh
# SPDX-License-Identifier: MIT
# Copyright (c) 2026 The rpi-rescue-netboot authors
#
# farroot unlock on a terminal: asks for the fingerprint of a host key that is not known, then for
# the passphrase, which the terminal does not show; Ctrl-C leaves the terminal as it was.
. "${srcdir:-..}/tests/rescue/reach-lib.sh"
need python3
reach_machine full 9ffefdef
echo 'pass phrase' >"$dir/full/passphrase"
cat >"$dir/terminal.py" <<'EOF'
# terminal.py FINGERPRINT PASSPHRASE PROGRAM...: types them when it is asked.
import os, pty, sys, termios, time

pid, terminal = pty.fork()
if pid == 0:
    os.execvp(sys.argv[3], sys.argv[3:])
shown = b""


def echo():
    return bool(termios.tcgetattr(terminal)[3] & termios.ECHO)


def wait_for(text):
    global shown
    while text not in shown:
        shown += os.read(terminal, 1000)


wait_for(b"(SHA256:...): ")
os.write(terminal, sys.argv[1].encode() + b"\n")
try:
    wait_for(b"Passphrase of /dev/mmcblk0p2")
    deadline = time.monotonic() + 10
    while echo() and time.monotonic() < deadline:
        time.sleep(0.05)
    print("echo" if echo() else "no echo")
    os.write(terminal, sys.argv[2].encode() + b"\n" if sys.argv[2] != "^C" else b"\x03")
    while True:
        shown += os.read(terminal, 1000)
except OSError:
    pass
print("echo afterwards" if echo() else "echo is off")
print("status", os.waitstatus_to_exitcode(os.waitpid(pid, 0)[1]))
sys.stdout.write(shown.decode())
EOF
# types FINGERPRINT PASSPHRASE
types() {
	PATH=$dir/programs:$PATH timeout "$(slack 60)" python3 "$dir/terminal.py" "$1" "$2" "$FARROOT" unlock full >"$dir/shown" 2>"$dir/err" ||
		fail "terminal.py: $(cat "$dir/err")"
}
has() {
	tr -d '\r' <"$dir/shown" | grep -qF -e "$1" || fail "no \"$1\" in: $(cat "$dir/shown")"
}
has_not() {
	! grep -qF -e "$1" "$dir/shown" || fail "\"$1\" is shown: $(cat "$dir/shown")"
}

types SHA256:wrong x
has 'is signed by another key'
has 'status 1'
has_not Passphrase
types "$(reach_fingerprint full)" 'pass phrase'
has 'no echo'
has 'opened /dev/mmcblk0p2'
has 'status 0'
has_not 'pass phrase'
has 'echo afterwards'
rm "$dir/full/opened"
types "$(reach_fingerprint full)" '^C'
has 'echo afterwards'
[ ! -e "$dir/full/opened" ] || fail "it was opened"
