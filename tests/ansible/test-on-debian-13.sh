#!/bin/sh
# SPDX-License-Identifier: MIT
# Copyright (c) 2026 The rpi-rescue-netboot authors
#
# usage: test-on-debian-13.sh [TEST]...   default: all of this folder
# The tests of the collection in a Debian 13, so with the newest ansible-core that the collection
# is for, on any machine with mmdebstrap. No test may be skipped there, except those below.
. "${srcdir:-..}/tests/lib.sh"
vm_here=$srcdir/tests/boot/vm
# shellcheck source-path=SCRIPTDIR source=../boot/vm/lib.sh
. "$vm_here/lib.sh"
# shellcheck source-path=SCRIPTDIR source=../source/packages.sh
. "$srcdir/tests/source/packages.sh"
# shellcheck source-path=SCRIPTDIR source=../../image/lib/debian-plan.sh
. "$srcdir/image/lib/debian-plan.sh"
need_root
need mmdebstrap unshare flock
suite=trixie

# not_here TEST: prints why it is not to be run in a Debian 13 as below.
not_here() {
	case $1 in
	test-on-debian-13.sh) echo "is this test" ;;
	test-site-boots.sh) echo "starts a virtual machine" ;;
	*) return 1 ;;
	esac
}

packages="$("$srcdir/tests/install-packages" --list build)
ansible-core ansible-lint yamllint shellcheck nginx-light curl openssl openssh-client openssh-server dnsmasq-base iproute2
libnbd-bin squashfs-tools mmdebstrap cpio kmod binutils xxd dosfstools mtools libdeflate-tools logrotate procps python3-yaml
systemd-sysv unzip xz-utils zstd"
packages=$(echo "$packages" | tr -s ' \n' '\n' | LC_ALL=C sort -u | tr '\n' ',')
packages=${packages%,}
debian=$(vm_work_dir)/debian-$suite-$(echo "$packages" | sha256sum | cut -c 1-16)

# What is mounted here is in a mount namespace of its own, so nothing stays mounted, and a tmpfs has all
# that is written: the Debian stays as it is. The network is that of loopback alone.
# shellcheck disable=SC2016
in_debian_start='
	debian=$1 top=$2 source=$3 build=$4
	shift 4
	mount -t tmpfs -o mode=755 overlay "$top"
	mkdir "$top/upper" "$top/work" "$top/root"
	mount -t overlay -o "lowerdir=$debian,upperdir=$top/upper,workdir=$top/work" overlay "$top/root"
	cd "$top/root"
	mkdir source build
	mount --bind "$source" source
	mount -o remount,bind,ro source
	mount --bind "$build" build
	mount --rbind /dev dev
	mount -t proc proc proc
	mount -t sysfs sysfs sys
	mount -t tmpfs -o mode=1777 tmpfs tmp
	mount -t tmpfs -o mode=755 tmpfs run
	exec chroot . env -i PATH=/usr/sbin:/usr/bin:/sbin:/bin HOME=/root LC_ALL=C.UTF-8 srcdir=/source top_builddir=/build \
		FARROOT_TEST_SLACK="$FARROOT_TEST_SLACK" sh -euc "ip link set lo up; cd /build; exec \"\$@\"" sh "$@"
'

# in_debian COMMAND...: as root in the Debian, with this tree at /source and a build at /build.
in_debian() {
	mkdir -p "$dir/overlay"
	unshare --mount --pid --net --fork --kill-child --propagation private sh -euc "$in_debian_start" sh \
		"$debian" "$dir/overlay" "$(cd "$srcdir" && pwd)" "$debian.build" "$@" </dev/null
}

make_debian() {
	mirror=$(plan_mirror_of Debian)
	[ -n "$mirror" ] || fail "apt's sources on this machine have no archive of Debian"
	rm -rf --one-file-system "$debian.new"
	plan_sources_of "$mirror" "$(plan_mirror_of Debian-Security)" >"$dir/sources.list"
	say "making $debian"
	unshare --mount --propagation private mmdebstrap --quiet --mode=root --variant=apt --include="$packages" \
		--dpkgopt=force-unsafe-io --dpkgopt='path-exclude=/usr/share/doc/*' --dpkgopt='path-exclude=/usr/share/man/*' \
		$suite "$debian.new" "$dir/sources.list" >"$dir/mmdebstrap.log" 2>&1 || fail "mmdebstrap makes no Debian"
	mv -T "$debian.new" "$debian"
}

# The engine, which some of the tests use.
build_here() {
	rm -rf --one-file-system "$debian.build"
	mkdir "$debian.build"
	packages_sources >"$debian.build/source.tar" || fail "cannot read the sources"
	say "building in $debian.build"
	in_debian sh -euc "mkdir source; tar -x -m -C source -f source.tar
		(cd source && autoreconf -fi)
		source/configure
		make -j$(nproc) farroot nbdkit-farroot-plugin.la" >"$dir/build.log" 2>&1 || fail "the engine cannot be built"
	rm "$dir/build.log"
	rm -r "$debian.build/source.tar" "$debian.build/source"
}

exec 9>"$debian.lock"
flock 9
[ -d "$debian" ] || make_debian
key=$(vm_key "$srcdir/nbd-plugin" "$srcdir/configure.ac" "$srcdir/Makefile.am")
if [ "$(cat "$debian.build/key" 2>/dev/null)" != "$key" ]; then
	build_here
	echo "$key" >"$debian.build/key"
fi
exec 9>&-
version=$(in_debian ansible --version | sed -n 's/^ansible \[core \(.*\)\]$/\1/p')
say "ansible-core $version"
case $version in
2.19.*) ;;
*) fail "ansible-core is $version; ansible/README.md says 2.19 of Debian 13" ;;
esac

[ $# -gt 0 ] || set -- "$srcdir"/tests/ansible/test-*.sh
passed=0 failed=
for test; do
	test=${test##*/}
	if why=$(not_here "$test"); then
		say "not run: $test, which $why"
		continue
	fi
	began=$(now_ms)
	status=0
	in_debian timeout -k 10 "$(slack 1800)" "/source/tests/ansible/$test" >"$dir/$test.out" 2>&1 || status=$?
	seconds=$((($(now_ms) - began) / 1000))
	case $status in
	0)
		say "passed: $test, $seconds s"
		passed=$((passed + 1))
		;;
	77)
		say "skipped, which is a failure here: $test: $(grep '^SKIP' "$dir/$test.out")"
		failed="$failed $test"
		;;
	*)
		say "failed with $status: $test, $seconds s"
		tail -n 60 "$dir/$test.out" | sed 's/^/  | /' >&2
		failed="$failed $test"
		;;
	esac
done
[ -z "$failed" ] || fail "with ansible-core $version:$failed"
[ $passed -gt 0 ] || fail "no test was run"
say "$passed passed with ansible-core $version"
