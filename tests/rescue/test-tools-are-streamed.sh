#!/bin/sh
# SPDX-License-Identifier: MIT
# Copyright (c) 2026 The rpi-rescue-netboot authors
#
# A program that the small flavour lacks comes from the web server when it is run: what it needs, and no more.
# It waits, with words, while the server is away, has no such file or another image, and never runs what does not
# verify. What has come works without the server. Wrong input ends at once.
# The scripts and the engine are real; farroot mount stands in for nbdkit and the kernel's nbd.
. "${srcdir:-..}/tests/lib.sh"
own_mounts
need_root
need mksquashfs fusermount3 nginx python3 unshare
for kind in squashfs overlay; do
	grep -qw $kind /proc/filesystems || skip "this kernel has no $kind"
done
[ -w /dev/fuse ] || skip "no /dev/fuse"
rescue=$(cd "$srcdir/initramfs/rescue" && pwd)
real=$(cd "$top_builddir" && pwd)/farroot
system=$dir/system
export RESCUE_STATE="$dir/state" RESCUE_LOG="$dir/kernel.log" FARROOT_SYSTEM="$system" FARROOT="$dir/programs/farroot"
export RESCUE_TOOLS="$dir/streamed" RESCUE_TOOLS_DEVICE="$dir/fuse/image" RESCUE_TOOLS_OPTIONS=ro,loop

# --- the image, as the builder lays it out ---------------------------------------
mkdir -p "$dir/tree/usr/sbin" "$dir/tree/usr/bin" "$dir/tree/usr/share" "$dir/tree/etc" "$dir/tree/usr/lib/modules/$(uname -r)/kernel"
cat >"$dir/tree/usr/sbin/hello" <<'END'
#!/bin/sh
[ $# = 0 ] || [ "$1" != nested ] || exec second
cat /usr/share/hello-data
[ ! -e /usr/share/farroot/streamed ] || echo 'in a /usr of its own'
printf '%s\n' "$@"
cat
exit 7
END
# 300 KB that cannot be compressed.
head -c 300000 /dev/urandom | base64 -w 0 | sed 's/^/#/' >>"$dir/tree/usr/sbin/hello"
{
	printf '#!/bin/sh\necho second\nexit\n#'
	head -c 2000000 /dev/urandom | base64 -w 0
} >"$dir/tree/usr/bin/second"
head -c 6000000 /dev/urandom >"$dir/tree/usr/bin/third"
echo 'the data' >"$dir/tree/usr/share/hello-data"
echo 'a setting' >"$dir/tree/etc/hello.conf"
echo 'module' >"$dir/tree/usr/lib/modules/$(uname -r)/kernel/hellofs.ko"
chmod 755 "$dir/tree/usr/sbin/hello" "$dir/tree/usr/bin"/*
mksquashfs "$dir/tree" "$dir/squashfs" -quiet -no-progress -comp xz -b 1M -no-fragments -no-exports >/dev/null || fail mksquashfs
"$real" pack "$dir/squashfs" -o "$dir/img" >"$dir/packed" || fail "farroot pack"
roothash=$(sed -n 's/^roothash=//p' "$dir/packed")
size=$(stat -c %s "$dir/img")
# extents FILE...
extents() {
	for file; do
		echo "0 $(stat -c %s "$dir/tree/$file") /$file"
	done >"$dir/list"
	"$real" profile files --to="$dir/img" "$dir/list" | sed '/^#/d; s/ /+/' | tr '\n' ' '
}

# --- the machine -----------------------------------------------------------------
mkdir -p "$RESCUE_STATE" "$dir/programs" "$dir/fuse" "$system/usr" "$system/etc/farroot" "$system/proc" "$dir/upper" "$dir/work"
mount -t tmpfs tmpfs "$dir/upper" || fail "no tmpfs"
mkdir "$dir/upper/upper" "$dir/upper/work"
mount -t overlay -o "lowerdir=/usr,upperdir=$dir/upper/upper,workdir=$dir/upper/work" usr "$system/usr" || skip "no overlay over /usr"
mkdir -p "$system/usr/libexec/farroot/streamed/bin" "$system/usr/libexec/farroot/streamed/sbin" "$system/usr/lib/modules/$(uname -r)"
ln -s "$rescue/tools-run" "$system/usr/libexec/farroot/streamed/sbin/hello"
for name in second third; do
	ln -s "$rescue/tools-run" "$system/usr/libexec/farroot/streamed/bin/$name"
done
ln -s "$rescue/tools-run" "$dir/programs/mount.hellofs"
printf 'name=tools-1.img\nroothash=%s\nsize=%s\nurl=beside\n' "$roothash" "$size" >"$system/etc/farroot/tools.conf"
cat >"$system/etc/farroot/tools.list" <<END
=both hello second
hello usr/sbin $(extents usr/sbin/hello usr/share/hello-data)
second usr/bin $(extents usr/bin/second)
third usr/bin $(extents usr/bin/third)
@etc etc $(extents etc/hello.conf)
@tables tables $((size - 81920))+16384
+hellofs usr/lib/modules/$(uname -r)/kernel/hellofs.ko $(extents "usr/lib/modules/$(uname -r)/kernel/hellofs.ko")
END
echo 192.0.2.7 >"$RESCUE_STATE/address.eth0"
printf 'nbdkit=/usr/sbin/nbdkit\nplugin=plugin.so\n' >"$system/etc/farroot/build.conf"
: >"$system/etc/farroot/sandbox.list"
echo 'nameserver 192.0.2.1' >"$system/etc/resolv.conf"
: >"$system/proc/filesystems"
cat >"$dir/programs/farroot" <<END
#!/bin/sh
case \$1 in
jail)
	log=\${2#--log=} sandbox=\$3
	until [ "\$1" = plugin.so ]; do shift; done
	shift
	printf '%s\n' "\$@" >"$dir/parameters"
	urls= keys=
	for word; do
		case \$word in
		url=*) urls="\$urls \${word#url=}" ;;
		status=*) keys="\$keys status=\$sandbox/status.sock" ;;
		*) keys="\$keys \$word" ;;
		esac
	done
	python3 -c 'import socket, sys; socket.socket(socket.AF_UNIX).bind(sys.argv[1])' "\$sandbox/nbd.sock"
	exec "$real" mount -f \$urls "$dir/fuse" \$keys >>"\$log" 2>&1
	;;
attach)
	[ "\$2" != --detach ] || exit 0
	until [ -s "$dir/fuse/image" ]; do sleep 0.1; done
	;;
*) exec "$real" "\$@" ;;
esac
END
printf '#!/bin/sh\n' >"$dir/programs/udevadm"
# shellcheck disable=SC2016 # for the stand-ins
{
	printf '#!/bin/sh\necho "$*" >>"%s/modprobe"\n' "$dir" >"$dir/programs/modprobe"
	printf '#!/bin/sh\necho "$*" >>"%s/depmod"\n' "$dir" >"$dir/programs/depmod"
	printf '#!/bin/sh\n[ "$1" = -i ] || exec %s "$@"\necho "$*" >>"%s/mounted"\n' "$(command -v mount)" "$dir" >"$dir/programs/mount"
}
chmod +x "$dir/programs"/*
stubs=$system/usr/libexec/farroot/streamed
PATH=$dir/programs:$PATH:$stubs/sbin:$stubs/bin
at_exit() {
	stop_machine
}
# stop_machine: as a restart.
stop_machine() {
	pid=$(readlink "$RESCUE_STATE/tools/lock" 2>/dev/null)
	server=$(cat "/proc/$pid/task/$pid/children" 2>/dev/null)
	for pid in $pid $server; do
		kill -KILL "$pid" 2>/dev/null
	done
	for folder in streamed/modules streamed/usr streamed/image streamed/sandbox/proc; do
		umount -l "$dir/$folder" 2>/dev/null
	done
	fusermount3 -u -z -q "$dir/fuse"
	rm -rf --one-file-system "$RESCUE_STATE/tools" "$dir/streamed"
}

# run NAME COMMAND...: in the background; its output is in $dir/NAME.out and .err, its number in $job.
run() {
	name=$1
	shift
	setsid env --default-signal=INT "$@" </dev/null >"$dir/$name.out" 2>"$dir/$name.err" &
	job=$!
	remember $job
}
said() {
	grep -qE -e "$2" "$dir/$1.err"
}
# ends STATUS SECONDS: job ends with this status.
ends() {
	wait_until "$2" "$name ends" is_gone $job
	wait $job
	same $? "$1" "the status of $name: $(cat "$dir/$name.err")"
}

# --- wrong input, at once ----------------------------------------------------------
tools() {
	status=0
	timeout "$(slack 10)" "$rescue/tools" "$@" >"$dir/out" 2>"$dir/err" </dev/null || status=$?
}
for arguments in '--fetch nonsense' '--fetch' '--fetch a;b' '--list nonsense' '--run third-of-all' '--run +hellofs' '--sets' '--run'; do
	# shellcheck disable=SC2086 # words
	tools $arguments
	same "$status" 2 "the status of farroot tools $arguments: $(cat "$dir/err")"
	grep -q "Try 'farroot tools --help'" "$dir/err" || fail "$arguments: $(cat "$dir/err")"
done
tools --list
same "$status:$(head -n 1 "$dir/out")" '0:both: hello second' "farroot tools --list"
tools --help
same "$status" 0 "farroot tools --help"
tools
grep -q '^not mounted' "$dir/out" || fail "farroot tools: $(cat "$dir/out")"
: >"$RESCUE_STATE/arguments"
run hello hello
ends 1 20
said hello 'hello: no server is known for the tools image: give farroot.tools=URL' || fail "$(cat "$dir/hello.err")"

# --- the server is away, then has no such file, then all is well -----------------
port1=$(free_port)
cat >"$RESCUE_STATE/arguments" <<END
farroot=http://127.0.0.1:$port1/boot/root.img?token=hidden
farroot.user=pi
farroot.password=hidden
farroot.fill=yes
farroot.retry-max=1
END
run hello hello 'a  b' c
wait_until 30 "it says that the server is away" said hello '^hello: waiting for [0-9]+ s; http://127.0.0.1:[0-9]+/boot/tools-1.img: .*(refused|connect)'
mkdir -p "$dir/www1/boot"
origin_start 1
wait_until 30 "it says that there is no such file" said hello 'tools-1.img: .*404'
is_alive $job || fail "it has ended"
cp "$dir/img" "$dir/www1/boot/tools-1.img"
ends 7 60
same "$(cat "$dir/hello.out")" "the data
in a /usr of its own
a  b
c" "the output of a streamed program"
{ [ ! -e /usr/share/hello-data ] && [ ! -e "$system/usr/share/hello-data" ]; } || fail "the image is over the /usr of all"
same "$(cat "$system/etc/hello.conf")" 'a setting' "its file in /etc"
# Only what concerns the way to the server; the password is for this server.
same "$(sed '/^roothash=/d; /^size=/d' "$dir/parameters" | tr '\n' ' ')" \
	"profile=none fill=no budget=1 budget-stops=all status=/status.sock url=http://127.0.0.1:$port1/boot/tools-1.img retry-max=1 password=hidden user=pi " "the parameters of the engine"
bytes=$(awk '$1 == 206 { n += $2 } END { print n }' "$dir/access1.log")
{ [ "$bytes" -gt 300000 ] && [ "$bytes" -lt 600000 ]; } || fail "$bytes bytes were fetched for a program of 300 KB"
tools
{ grep -q '^mounted$' "$dir/out" && grep -q "^from: http://127.0.0.1:$port1/boot/tools-1.img" "$dir/out"; } || fail "farroot tools: $(cat "$dir/out")"

# --- an outage ---------------------------------------------------------------------
origin_stop 1
run hello hello
ends 7 20
same "$(head -n 1 "$dir/hello.out")" 'the data' "a program that is here, in an outage"
# A program that it runs waits with words, too.
run nested hello nested
wait_until 60 "the nested program waits" said nested '^second: .* of 2[0-9]{3} KB, waiting for [0-9]+ s; http'
run second second
wait_until 60 "the second program waits" said second 'second: .*waiting for'
kill -INT -$job
ends 130 10
run fetched "$rescue/tools" --fetch both +hellofs
wait_until 60 "farroot tools --fetch waits" said fetched 'farroot tools: .*waiting for'
tools
grep -q '^waiting: http' "$dir/out" || fail "farroot tools in an outage: $(cat "$dir/out")"
origin_start 1
ends 0 60
grep -qx 'both +hellofs: here' "$dir/fetched.out" || fail "$(cat "$dir/fetched.out")"
wait_until 30 "the nested program goes on" grep -qx second "$dir/nested.out"
same "$(cat "$system/usr/lib/modules/$(uname -r)/kernel/hellofs.ko")" module "a module"
grep -q "$(uname -r)" "$dir/depmod" || fail "no depmod"
origin_stop 1
run second second
ends 0 20
same "$(cat "$dir/second.out")" second "what was fetched ahead, in an outage"
# mount(8) runs it.
: >"$dir/mounted"
run mount mount.hellofs /dev/none /mnt -o ro
ends 0 20
same "$(cat "$dir/mounted"):$(tail -n 1 "$dir/modprobe")" '-i -t hellofs /dev/none /mnt -o ro:-q hellofs' "mount.hellofs"
grep -q third "$dir"/access1.log && fail "more was fetched than was asked for"

# --- another image than that of the root hash, on another server -------------------
stop_machine
mkdir -p "$dir/www2"
tr '\000-\377' '\001-\377\000' <"$dir/img" >"$dir/www2/tools-1.img"
origin_start 2
# shellcheck disable=SC2154 # set by origin_start
echo "farroot.tools=$url2/" >>"$RESCUE_STATE/arguments"
run hello hello
wait_until 60 "it names the wrong image" said hello "waiting for [0-9]+ s; $url2/tools-1.img: no dm-verity superblock"
# One whose tree is right, but not the bytes of the program.
cp "$dir/img" "$dir/lie"
offset=$(extents usr/sbin/hello | cut -d + -f 1)
dd if=/dev/zero of="$dir/lie" bs=4096 seek=$((offset / 4096)) count=40 conv=notrunc 2>/dev/null
mv "$dir/lie" "$dir/www2/tools-1.img"
wait_until 60 "it names wrong bytes" said hello "^hello: [0-9]+ of [0-9]+ KB, waiting for [0-9]+ s; $url2/tools-1.img: .*verif"
is_alive $job || fail "it has ended: $(cat "$dir/hello.err")"
same "$(cat "$dir/hello.out")" '' "the output of what does not verify"
! grep -q -e password -e user= "$dir/parameters" || fail "the password goes to another server: $(cat "$dir/parameters")"
cp "$dir/img" "$dir/www2/tools-1.img"
ends 7 90
same "$(head -n 1 "$dir/hello.out")" 'the data' "when the image is mended"
tools --fetch all
same "$status:$(cat "$dir/out")" "0:all: here" "farroot tools --fetch all: $(cat "$dir/err")"
