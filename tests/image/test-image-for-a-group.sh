#!/bin/sh
# SPDX-License-Identifier: MIT
# Copyright (c) 2026 The rpi-rescue-netboot authors
#
# An image for a group, or for one machine: what common, the image, the groups and the host
# have adds up in this order, it is an input of the build, and other images stay as they are.
# load_parts sources the parts, which share their variables and call their functions.
# shellcheck disable=SC2154,SC2034,SC2317
. "${srcdir:-..}/tests/lib.sh"
. "$srcdir/tests/image/rescue-lib.sh"
make_planned_site
printf 'bash 5.2-1\n' >"$dir/packages"
put() {
	mkdir -p "$(dirname "$site/$1")"
	cat >"$site/$1"
}
echo all | put common/packages.d/list
echo root | put rootfs/packages.d/list
echo lab roof | put groups/lab/packages.d/list
echo hfsplus | put groups/lab/modules.d/list
echo 1 | put groups/lab/files/etc/lab
echo north | put groups/north/packages.d/list
echo one | put hosts/9ffefdef/packages.d/list
printf 'groups=north lab\n' | put hosts/9ffefdef/host.conf

# parts GROUPS HOST: the packages of a root file system for them, and what hooks are told.
parts() {
	(
		load_parts site hosts host-values boot-layout
		site_open "$site"
		hosts_open
		hosts_use "$1" "$2"
		site_check rootfs
		site_list rootfs packages.d | tr '\n' ' '
		echo "${site_groups% }:$site_host"
	) || fail "parts $*"
}
same "$(parts '' '')" 'all root :' "an image for all"
same "$(parts 'lab ' '')" 'all root lab roof lab:' "an image for a group"
same "$(parts 'lab north ' '')" 'all root lab roof north lab north:' "an image for two"
same "$(parts '' 100000009ffefdef)" 'all root north lab roof one north lab:9ffefdef' "an image for a machine"

# inputs [OPTION VALUE]: what the image would be made from.
inputs() {
	(
		load_parts cmd-rootfs
		farroot() { echo farroot 1; }
		build_part=rootfs
		build_arguments "$site" -o "$dir/none" "$@"
		rootfs_read_site
		awk '{ print $1, $2, "debian" }' "$dir/packages" >"$dir/plan"
		mkdir -p "$dir/debs"
		work=$dir record=
		rootfs_inputs
	) || fail "no inputs"
}
inputs >"$dir/all"
! grep -q -e groups/ -e hosts/ "$dir/all" || fail "an image for all depends on a group"
inputs --group lab >"$dir/lab"
same "$(sed -n 's/^site	\(groups[^	]*\).*/\1/p' "$dir/lab" | grep -v '/$' | tr '\n' ' ')" \
	'groups/lab/files/etc/lab groups/lab/modules.d/list groups/lab/packages.d/list ' "inputs of a group's image"
inputs --group north --group lab >"$dir/both"
inputs --group lab --group north >"$dir/other-order"
! cmp -s "$dir/both" "$dir/other-order" || fail "the order of the groups does not count"
inputs --host 9ffefdef >"$dir/host"
grep -q 'hosts/9ffefdef/packages.d/list' "$dir/host" || fail "the host is no input of its image"

expect 0 'no earlier build' rescue "$site" -o "$dir/result" --group lab --explain
for command in rescue rootfs; do
	expect 1 "--group attic: no such group; it would be the folder $site/groups/attic" "$command" "$site" -o "$dir/no" --group attic
	expect 1 '--group lab: is given twice' "$command" "$site" -o "$dir/no" --group lab --group lab
	expect 2 '--group ../lab: the name of a group has letters' "$command" "$site" -o "$dir/no" --group ../lab
	expect 2 '--group needs a value' "$command" "$site" -o "$dir/no" --group
done
expect 1 'hosts/0000abcd: no such folder, for --host 0000abcd' rootfs "$site" -o "$dir/no" --host 0000abcd
expect 1 'must be a serial number' rootfs "$site" -o "$dir/no" --host roof
expect 2 '--group and --host: a host brings its groups' rootfs "$site" -o "$dir/no" --group lab --host 9ffefdef
expect 2 '--host: what is in hosts/ never goes into boot.img; make a group' rescue "$site" -o "$dir/no" --host 9ffefdef
echo '--option' | put groups/lab/packages.d/list
expect 1 'groups/lab/packages.d/list: "--option" is not a package name' rootfs "$site" -o "$dir/no" --group lab
[ ! -e "$dir/no" ] || fail "an output was made"
