# SPDX-License-Identifier: MIT
# Copyright (c) 2026 The rpi-rescue-netboot authors
#
# Machines in their rescue system, and an administrator who reaches them by ssh or through a
# mailbox on a web server: the scripts of both sides run here, with stand-ins for ssh's
# transport and for what opens disks.  Sourced by tests/rescue/test-*.sh.
# shellcheck shell=dash

# shellcheck source-path=SCRIPTDIR source=../lib.sh
. "${srcdir:-..}/tests/lib.sh"
need openssl ssh ssh-keygen xxd base64 busybox
reach_scripts=$(cd "$srcdir/initramfs" && pwd)
FARROOT=$(cd "$top_builddir" && pwd)/farroot
FARROOT_LIBEXECDIR=$reach_scripts
export FARROOT FARROOT_LIBEXECDIR
HOME=$dir/home
export HOME
mkdir -p "$HOME/.ssh" "$dir/programs" "$dir/busybox"
chmod 700 "$HOME/.ssh"
ssh-keygen -q -t ed25519 -N '' -C admin -f "$HOME/.ssh/id_ed25519"
# What a user may have configured must not matter.
unset SSH_AUTH_SOCK XDG_RUNTIME_DIR

# ssh of the administrator: machines are reached by their names; known_hosts is in this HOME.
reach_ssh=$(command -v ssh)
cat >"$dir/programs/ssh" <<EOF
#!/bin/sh
[ "\$1" != -G ] || exec "$reach_ssh" -F none -o UserKnownHostsFile=$HOME/.ssh/known_hosts -o GlobalKnownHostsFile=none "\$@"
[ "\$1" = -- ] || exit 255
name=\$2
shift 3
[ -e "$dir/\$name/env" ] || { echo "ssh: \$name: no such host" >&2; exit 255; }
exec "$dir/\$name/env" "\$@"
EOF
cat >"$dir/programs/lsblk" <<'EOF'
#!/bin/sh
cat "$REACH_MACHINE/disks"
EOF
# What must not change this machine.  The partition farroot-keys is a folder.
# shellcheck disable=SC2016 # for the stand-in
printf '#!/bin/sh\necho "$*" >>"$REACH_MACHINE/hostname"\n' >"$dir/programs/hostname"
cat >"$dir/programs/mount" <<'EOF'
#!/bin/sh
[ -d "$REACH_MACHINE/partition" ] || exit 1
for folder; do :; done
rmdir "$folder" && ln -s "$REACH_MACHINE/partition" "$folder"
EOF
# shellcheck disable=SC2016 # for the stand-in
printf '#!/bin/sh\nrm "$1" && mkdir "$1"\n' >"$dir/programs/umount"
printf '#!/bin/sh\n' >"$dir/programs/modprobe"
chmod +x "$dir/programs"/*

# reach_small_tools: what the small flavour has: busybox and openssl, no ssh-keygen.
reach_small_tools() {
	cp "$(command -v busybox)" "$dir/busybox/busybox"
	for reach_tool in $(busybox --list); do
		[ "$reach_tool" = busybox ] || [ -e "$dir/programs/$reach_tool" ] || ln -s busybox "$dir/busybox/$reach_tool"
	done
	printf '#!/bin/sh\nexec %s "$@"\n' "$(command -v openssl)" >"$dir/busybox/openssl"
	for reach_tool in "$dir/programs"/*; do
		[ "${reach_tool##*/}" = ssh ] || cp "$reach_tool" "$dir/busybox/"
	done
	# dropbearkey -y -f KEY
	cat >"$dir/busybox/dropbearkey" <<EOF
#!/bin/sh
echo "\$(cat "\$REACH_MACHINE/public")"
EOF
	chmod +x "$dir/busybox/dropbearkey" "$dir/busybox/openssl"
}

# reach_machine NAME SERIAL [small]: a machine in the folder $dir/NAME; its program env runs one
# of the scripts of the rescue system, as farroot COMMAND does there.
reach_machine() {
	reach_at=$dir/$1
	mkdir -p "$reach_at/state/ssh" "$reach_at/system/etc/farroot" "$reach_at/system/proc/device-tree" "$reach_at/rescue"
	printf '10000000%s\0' "$2" >"$reach_at/system/proc/device-tree/serial-number"
	cp -r "$reach_scripts/rescue/." "$reach_at/rescue/"
	ln -sfn "$reach_scripts/reach" "$reach_at/reach"
	cp "$HOME/.ssh/id_ed25519.pub" "$reach_at/system/etc/farroot/authorized_keys"
	echo '/dev/mmcblk0p2 crypto_LUKS' >"$reach_at/disks"
	echo 192.0.2.7 >"$reach_at/state/address.eth0"
	: >"$reach_at/state/device"
	: >"$reach_at/state/arguments"
	: >"$reach_at/system/proc/cmdline"
	: >"$reach_at/log"
	: >"$reach_at/state/released.disk"
	# Who can see the passphrase while it is used?
	for reach_program in boot-local open-disk; do
		cat >"$reach_at/rescue/$reach_program" <<'EOF'
#!/bin/sh
IFS= read -r passphrase
printf "%s %s %s\n" "${0##*/}" "$1" "$passphrase" >>"$REACH_MACHINE/opened"
cat /proc/[0-9]*/cmdline /proc/[0-9]*/environ 2>/dev/null | tr '\000' '\n' >"$REACH_MACHINE/seen-by-all"
[ "$passphrase" = "$(cat "$REACH_MACHINE/passphrase")" ] || { echo "No key available with this passphrase."; exit 2; }
echo "opened $1"
EOF
		chmod +x "$reach_at/rescue/$reach_program"
	done
	reach_path=$dir/programs:$PATH reach_shell=/bin/sh
	[ "${3-}" != small ] || reach_path=$dir/busybox reach_shell=$dir/busybox/sh
	cat >"$reach_at/env" <<EOF
#!/bin/sh
# farroot mailbox COMMAND, or a script of the rescue system.
export RESCUE_STATE=$reach_at/state RESCUE_LOG=$reach_at/log FARROOT_SYSTEM=$reach_at/system REACH_MACHINE=$reach_at
export PATH=$reach_path RESCUE_PAUSE=0.1
name=\$1
shift
case \$(head -c 9 "$reach_at/rescue/\$name") in
'#!/bin/sh') exec $reach_shell "$reach_at/rescue/\$name" "\$@" ;;
esac
exec "$reach_at/rescue/\$name" "\$@"
EOF
	chmod +x "$reach_at/env"
	reach_new_host_key "$1" "${3-}"
}

# reach_new_host_key NAME [small]: as another start of the machine.
reach_new_host_key() {
	reach_at=$dir/$1
	rm -rf "$reach_at"/state/ssh/* "$reach_at/state/ephemeral" "$reach_at/state/mailbox"
	ssh-keygen -q -t ed25519 -N '' -C '' -f "$reach_at/host-key" <<-EOF >/dev/null
		y
	EOF
	cut -d ' ' -f 1,2 "$reach_at/host-key.pub" >"$reach_at/public"
	# The seed, as the boot loader's configuration has it.
	reach_seed=$(sed '/^-----/d' "$reach_at/host-key" | base64 -d | xxd -p | tr -d '\n' |
		sed -n 's/.*0000000b7373682d6564323535313900000020\([0-9a-f]\{64\}\)00000040\([0-9a-f]\{64\}\)\1.*/\2/p' | xxd -r -p | base64)
	echo "host-key=$reach_seed" >"$reach_at/state/device"
	"$reach_at/env" host-keys "$reach_at/state/ssh" || fail "host-keys of $1"
	: >"$reach_at/log"
}

# reach_knows NAME ALIAS: the administrator has logged in there before.
reach_knows() {
	echo "$2 $(cat "$dir/$1/public")" >>"$HOME/.ssh/known_hosts"
}

reach_fingerprint() {
	ssh-keygen -l -f "$dir/$1/host-key.pub" | cut -d ' ' -f 2
}

# admin ARGUMENT...: farroot, without a terminal.  The status is in $status; $dir/out, $dir/err.
admin() {
	status=0
	PATH=$dir/programs:$PATH REACH_PAUSE=0.1 setsid -w timeout "$(slack 300)" "$FARROOT" "$@" >"$dir/out" 2>"$dir/err" || status=$?
}

# refused TEXT: the last call of admin was refused with this message.
refused() {
	[ "$status" = 1 ] || fail "status $status, must be refused with '$1': $(cat "$dir/err")"
	grep -qF -e "$1" "$dir/err" || fail "no '$1' in: $(cat "$dir/err")"
}

succeeded() {
	[ "$status" = 0 ] || fail "$1: status $status: $(cat "$dir/err" "$dir/out")"
}

# reach_mailbox N NAME...: the web server N with a mailbox, $mailbox, that these machines ask for.
reach_mailbox() {
	origin_start "$1" 'client_max_body_size 128k; dav_methods PUT; create_full_put_path on; dav_access user:rw all:r;'
	eval "url=\$url$1"
	# shellcheck disable=SC2154 # set by eval
	mailbox=$url/mailbox
	# shellcheck disable=SC2034 # for the tests
	reach_www=$dir/www$1/mailbox
	shift
	for reach_name; do
		echo "farroot.mailbox=$mailbox" >>"$dir/$reach_name/state/arguments"
		"$dir/$reach_name/env" mailbox-poll 2>>"$dir/$reach_name/poll.log" &
		remember $!
		eval "poll_$reach_name=$!"
	done
}
