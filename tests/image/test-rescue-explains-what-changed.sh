#!/bin/sh
# SPDX-License-Identifier: MIT
# Copyright (c) 2026 The rpi-rescue-netboot authors
#
# farroot-image rescue --explain names what changed since the last build, and nothing if
# nothing did; what goes into no shared image changes nothing.
. "${srcdir:-..}/tests/lib.sh"
. "$srcdir/tests/image/rescue-lib.sh"
make_planned_site
out=$dir/result
mkdir -p "$site/rescue/files/etc" "$site/common/hooks"
echo 'Welcome' >"$site/rescue/files/etc/motd"
printf '#!/bin/sh\n' >"$site/common/hooks/10-one"
chmod +x "$site/common/hooks/10-one"
printf 'bash 5.2-1\ncurl 8.14-1\n' >"$dir/packages"

explain() {
	expect 0 "$1" rescue "$site" -o "$out" --explain
}

explain 'no earlier build'
[ ! -e "$out" ] || fail "--explain made $out"

# A build leaves this file; the last line of work of --explain shows what it would hold.
build_inputs() {
	(
		load_parts cmd-rescue
		awk '{ print $1, $2, "debian" }' "$dir/packages" >"$dir/plan"
		mkdir -p "$dir/debs" "$out"
		site_open "$site"
		source_read
		work=$dir
		rescue_inputs >"$out/inputs"
	) || fail "no inputs"
}
build_inputs
explain 'nothing has changed'
touch "$site/rescue/files/etc/motd"
mkdir -p "$site/hosts/10000000abcd/files" && echo x >"$site/hosts/10000000abcd/files/x"
explain 'nothing has changed'

# changed TEXT: what was done before is explained so, and no more than that.
changed() {
	cp "$out/inputs" "$dir/before"
	build_inputs
	(load_parts inputs && inputs_explain "$dir/before" "$out/inputs") >"$dir/changes" || fail "no explanation"
	same "$(cat "$dir/changes")" "$1" "what changed"
}
echo 'Hello' >"$site/rescue/files/etc/motd"
changed 'site rescue/files/etc/motd: has changed'
chmod 600 "$site/rescue/files/etc/motd"
changed 'site rescue/files/etc/motd: has changed'
rm "$site/rescue/files/etc/motd"
changed 'site rescue/files/etc/motd: is gone'
ln -s /run/motd "$site/rescue/files/etc/motd"
changed 'site rescue/files/etc/motd: is new'
ln -sf /run/motd2 "$site/rescue/files/etc/motd"
changed 'site rescue/files/etc/motd: has changed'
echo '# more' >>"$site/common/hooks/10-one"
changed 'site common/hooks/10-one: has changed'
echo '# a comment' >>"$site/authorized_keys"
changed 'site authorized_keys: has changed'
printf 'bash 5.2-1\ncurl 8.14-2\n' >"$dir/packages"
changed 'package curl: has changed from 8.14-1 to 8.14-2'
sed -i 's/serial=shell/serial=none/' "$site/site.conf"
changed 'option serial: has changed from shell to none'

expect 0 'nothing has changed' rescue "$site" -o "$out" --explain
cp "$out/inputs" "$dir/before"
printf 'bash 5.2-1\ncurl 8.14-3\n' >"$dir/packages"
explain 'package curl: has changed from 8.14-2 to 8.14-3'
cmp "$out/inputs" "$dir/before" || fail "--explain wrote to $out"
