#!/bin/sh
# SPDX-License-Identifier: MIT
# Copyright (c) 2026 The rpi-rescue-netboot authors
#
# The role publish with a real nginx: a version is published, a second run changes nothing, an
# update switches all files at once, a rollback brings the old ones back, old versions go, and
# check mode tells the truth.
. "${srcdir:-..}/tests/lib.sh"
. "$srcdir/tests/ansible/lib.sh"
. "$srcdir/tests/ansible/publish-lib.sh"
configure
make_build 1

play publish -- --check --diff
changed some "check mode before the first run"
[ ! -e "$www" ] || fail "check mode has made $www"
play publish -- --tags publish_server
start_server
play publish
changed some "the first run"
first=$(version)
roothash1=$(cat "$dir/rootfs/roothash")
same "$(get pi/boot.sig)" "$(cat "$dir/boot/http/boot.sig")" "boot.sig"
same "$(get pi/root.img.profile)" "profile 1" "the profile"
same "$(get "images/$roothash1/root.img" | sha256sum | cut -d ' ' -f 1)" "$roothash1" "the image"
same "$(header "images/$roothash1/root.img" Cache-Control)" 'public, max-age=31536000, immutable' "Cache-Control of the image"
same "$(header pi/boot.img Cache-Control)" no-cache "Cache-Control of boot.img"
same "$(header "versions/$first/boot.img" Cache-Control)" 'public, max-age=31536000, immutable' "Cache-Control of a version"
before=$(tree "$www")
play publish
changed 0 "the second run"
play publish -- --check --diff
changed 0 "check mode after it"
same "$(tree "$www")" "$before" "the tree"

# Signed configurations of machines, beside the channel.
mkdir "$dir/configs"
printf 'untrusted comment: x\nRW\nnumber 1\n' >"$dir/configs/9ffefdef.conf"
echo 'no signature' >"$dir/configs/other.conf"
play publish -- -e "publish_configs=$dir/configs"
changed some "the first configuration"
same "$(get config/9ffefdef.conf)" "$(cat "$dir/configs/9ffefdef.conf")" "the configuration"
[ ! -e "$www/config/other.conf" ] || fail "a file without a signature is published"
same "$(header config/9ffefdef.conf Cache-Control)" no-cache "Cache-Control of a configuration"
play publish -- -e "publish_configs=$dir/configs"
changed 0 "the second run with configurations"
rm -r "$www/config"

# An update, first in check mode.
make_build 2
play publish -- --check --diff
changed some "check mode before an update"
said "versions/$first"
same "$(tree "$www")" "$before" "the tree after check mode"
play publish
second=$(version)
[ "$second" != "$first" ] || fail "the same version"
same "$(get pi/root.img.profile)" "profile 2" "the new profile"
same "$(get "images/$roothash1/root.img.profile")" "profile 1" "the profile beside the old image"
same "$(get pi/boot.sig)" "$(cat "$dir/boot/http/boot.sig")" "the new boot.sig"
same "$(get "images/$roothash1/root.img" | sha256sum | cut -d ' ' -f 1)" "$roothash1" "the image of machines that still run"

# Back, to the version before and to a version by name.
roll_back() {
	cat >"$dir/rollback.yml" <<-'END'
		- hosts: localhost
		  connection: local
		  gather_facts: false
		  tasks:
		    - ansible.builtin.include_role:
		        name: farroot.rpi.publish
		        tasks_from: rollback
	END
	run_playbook -i localhost, -e "@$dir/vars.yml" "$@" "$dir/rollback.yml"
}
roll_back --check
changed some "check mode of a rollback"
same "$(version)" "$second" "the version after check mode"
roll_back
same "$status" 0 "the status of a rollback: $(cat "$dir/play.out")"
same "$(version)" "$first" "the version before"
same "$(get pi/root.img.profile)" "profile 1" "the old profile"
roll_back -e publish_version="$first"
changed 0 "a rollback to the version that is there"
roll_back -e publish_version="$second"
same "$(version)" "$second" "a version by its name"
roll_back -e publish_version=0123456789abcdef
[ "$status" != 0 ] || fail "a version that is not there"
said 'cannot go back to version 0123456789abcdef'
said "$first"
same "$(version)" "$second" "the version after a rollback that failed"

# Two versions stay, and what they need; test-old-versions-go.sh has the other cases.
touch -d '3 days ago' "$www/versions/$first"
touch -d '2 days ago' "$www/versions/$second"
make_build 3
play publish -- -e publish_url=
same "$(find "$www/versions" -mindepth 1 -maxdepth 1 | wc -l)" 2 "versions that are kept"
[ ! -e "$www/images/$roothash1" ] || fail "an image that no version needs"
[ -e "$www/images/$(cat "$dir/rootfs/roothash")/root.img" ] || fail "the image is gone"
[ -e "$www/versions/$second/boot.img" ] || fail "the version before is gone"

# A rescue system alone, without an image.
play publish -- -e publish_rootfs= -e publish_channel=rescue
same "$(get rescue/boot.sig)" "$(cat "$dir/boot/http/boot.sig")" "boot.sig of the rescue system"
