#!/bin/sh
# SPDX-License-Identifier: MIT
# Copyright (c) 2026 The rpi-rescue-netboot authors
#
# Each command explains itself; what it can't do ends with a message that says
# what is wrong, and with status 2 if the command line was.
. "${srcdir:-..}/tests/lib.sh"

roothash=$(printf '%064d' 1)
# The scripts of the rescue system's commands.
FARROOT_LIBEXECDIR=$(cd "$srcdir/initramfs" && pwd)
export FARROOT_LIBEXECDIR

# expect STATUS TEXT ARGUMENT...
expect() {
	expected=$1 text=$2
	shift 2
	status=0
	timeout "$(slack 20)" "$farroot" "$@" >"$dir/out" 2>"$dir/err" </dev/null || status=$?
	[ "$status" = "$expected" ] || fail "farroot $*: status $status, not $expected: $(cat "$dir/err")"
	[ -z "$text" ] || grep -qF -e "$text" "$dir/err" || fail "farroot $*: '$text' is not in: $(cat "$dir/err")"
	[ "$expected" = 0 ] || [ ! -s "$dir/out" ] || fail "farroot $*: an error on standard output"
}

expect 0 '' --version
grep -q '^farroot [0-9]' "$dir/out" || fail "no version"
expect 0 '' --help
commands=$(sed -n 's/^  \([a-z][a-z-]*\) .*/\1/p' "$dir/out")
for command in $commands; do
	expect 0 '' "$command" --help
	grep -qE "^Usage: farroot $command( |\$)" "$dir/out" || fail "$command --help has no usage"
	! grep -q '.\{81\}' "$dir/out" || fail "$command --help is too wide"
	expect 2 "farroot $command --help" "$command" --no-such-option
done
expect 0 '' profile --help
commands_of_profile=$(sed -n 's/^  \([a-z][a-z-]*\) .*/\1/p' "$dir/out")
for command in $commands_of_profile; do
	expect 0 '' profile "$command" --help
	grep -q "^Usage: farroot profile $command " "$dir/out" || fail "profile $command --help has no usage"
	! grep -q '.\{81\}' "$dir/out" || fail "profile $command --help is too wide"
	expect 2 "farroot profile $command --help" profile "$command" --no-such-option
done
for command in record show; do
	echo "$commands_of_profile" | grep -qx "$command" || fail "no profile $command"
done
for command in pack verify serve mount status profile attach jail rdnss fleet http unlock run mailbox report boot-local boot-stream chroot-root tools; do
	echo "$commands" | grep -qx "$command" || fail "no $command"
done

expect 2 'Usage: farroot' # and nothing else
expect 2 'unknown command frobnicate' frobnicate

expect 2 'IMAGE' pack
expect 2 '-o' pack image
expect 2 'give --probe, or --profile=FILE' pack --probe --profile=boot.files image -o x
expect 2 'give --probe, or --profile=FILE' pack --of=image image -o x
expect 1 'No such file' pack "$dir/missing" -o "$dir/x"
expect 2 'root hash' verify
expect 2 '64 hexadecimal digits' verify image abc
expect 1 'No such file' verify "$dir/missing" "$roothash"
expect 2 'unknown parameter frob=' verify http://127.0.0.1:1/x "$roothash" frob=1
expect 1 'cannot read the image' verify http://127.0.0.1:1/x "$roothash" outage=0.5

expect 2 'url= is required' serve "roothash=$roothash"
expect 2 'roothash= is required' serve http://127.0.0.1:1/x
expect 2 'neither a URL nor KEY=VALUE' serve ftp://127.0.0.1/x "roothash=$roothash"
expect 2 'cache=1K' serve http://127.0.0.1:1/x "roothash=$roothash" cache=1K
expect 2 '--threads=0' serve http://127.0.0.1:1/x "roothash=$roothash" --threads=0
expect 2 '--threads=9x' serve http://127.0.0.1:1/x "roothash=$roothash" --threads=9x
expect 2 'contradict' serve http://127.0.0.1:1/x "roothash=$roothash" verify=none

expect 2 'cannot be used together' status --json --watch
expect 2 'takes no arguments' status now
expect 1 'is the image being served?' status "--socket=$dir/none"
expect 2 'give a COMMAND' profile
expect 2 'frob: unknown command' profile frob
expect 2 '--extents needs --to=IMAGE' profile files --extents list image
expect 1 'is the image being served?' profile record "--socket=$dir/none"
expect 1 'No such file' profile record "--log=$dir/none"
expect 2 'cannot be used together' profile record --log=x --boot
expect 2 'takes no arguments' profile record image
expect 2 'KERNEL, INITRD and IMAGE' profile record --boot image
expect 2 'needs --boot' profile record --arch=arm64
expect 2 'neither amd64 nor arm64' profile record --boot --arch=mips 1 2 3
expect 2 'not a number of seconds' profile record --boot --timeout=never 1 2 3
expect 1 'No such file' profile record --boot "$dir/none" "$dir/none" "$dir/none"
expect 2 'not an nbd device' attach "$dir/none" /dev/sda
expect 2 '--connections=0' attach -c 0 "$dir/none" /dev/nbd0
expect 0 '' attach --supervise --help
! grep -q '.\{81\}' "$dir/out" || fail "attach --supervise --help is too wide"
expect 2 'give a DIRECTORY' attach --supervise "$dir" root
expect 2 'a name of 1 to 100 bytes' attach --supervise "$dir" a/b /usr/bin/nbdkit memory
expect 2 'must be the absolute path' attach --supervise "$dir" root nbdkit memory
expect 2 '--pivot needs the arguments store=PATH and status=PATH' attach --supervise --pivot "$dir" root /usr/bin/nbdkit memory store=/s
expect 1 "$dir/none: No such file" attach --supervise "$dir/none" root /usr/bin/nbdkit memory
expect 2 'a DIRECTORY and a PROGRAM' jail "$dir"
expect 2 'no arguments' rdnss eth0
expect 2 'give HOST or URL' unlock
expect 2 'not a device such as' unlock host sda
expect 2 '--wait needs a value' unlock --wait
expect 2 'must begin with SHA256:' unlock --fingerprint 12:34 host
expect 2 'a host of ssh, or a URL' unlock ftp://host/1
expect 2 'a COMMAND in quotes' run host ls -l
expect 2 'give show or take' mailbox
