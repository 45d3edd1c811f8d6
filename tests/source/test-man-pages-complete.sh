#!/bin/sh
# SPDX-License-Identifier: MIT
# Copyright (c) 2026 The rpi-rescue-netboot authors
#
# Every option, command and parameter that a program takes is in its manual.
set -eu
: "${srcdir:=.}" "${top_builddir:=.}"
tool=$top_builddir/farroot
pods=$srcdir/nbd-plugin
tool_pod=$pods/tool/farroot.pod
plugin_pod=$pods/nbdkit/nbdkit-farroot-plugin.pod
status=0
# The scripts of the rescue system's commands.
FARROOT_LIBEXECDIR=$(cd "$srcdir/initramfs" && pwd)
export FARROOT_LIBEXECDIR

missing() {
	echo "$1 is not in $2" >&2
	status=1
}

# Long options that a help text lists at the beginning of a line.
options_of() {
	IFS=' '
	# shellcheck disable=SC2086 # a command may have a second word
	"$tool" $1 --help | sed -n 's/^ *\(-[a-zA-Z], \)\{0,1\}\(--[a-z-]*\).*/\2/p'
}

# What a help text lists as commands.
commands_of() {
	"$tool" ${1:+"$1"} --help | sed -n 's/^  \([a-z][a-z-]*\) .*/\1/p'
}

commands=$(commands_of '')
[ -n "$commands" ] || missing commands "farroot --help"
for command in $(commands_of profile); do
	commands="$commands
profile $command"
done
IFS='
'
for command in $commands; do
	grep -q "^=head2 farroot $command " "$tool_pod" || missing "$command" farroot.pod
done
for command in '' $commands; do
	for option in $(options_of "$command"); do
		grep -q "B<${option}[=>]" "$tool_pod" || missing "$option of $command" farroot.pod
	done
done
unset IFS

keys=$(sed -n 's/^\t{ "\([a-z0-9-]*\)", \([A-Z]\|set_\).*/\1/p' \
	"$pods/common/options.c")
[ "$(echo "$keys" | wc -l)" -gt 40 ] || missing parameters options.c
for key in $keys; do
	grep -q "B<$key=" "$plugin_pod" || missing "$key=" nbdkit-farroot-plugin.pod
	grep -q "\(^\|[^a-z-]\)$key=" "$pods/nbdkit/plugin.c" || missing "$key=" "nbdkit farroot --help"
	grep -q "\(^\|[^a-z-]\)$key=" "$pods/tool/farroot.bash-completion" || missing "$key=" "the completion"
done

states=$(sed -n 's/.*\[STATUS_[A-Z]*\] = "\([a-z]*\)".*/\1/p' "$pods/common/status.c")
fields=$(sed -n 's/.*FIELD(\([a-z_]*\), [A-Za-z0-9_]*),.*/\1/p' "$pods/common/status.c")
[ -n "$states" ] || missing states status.c
[ -n "$fields" ] || missing fields status.c
for word in $states $fields; do
	grep -q "B<$word>" "$plugin_pod" "$tool_pod" || missing "$word" "the manuals"
done

# The metrics of a status that was kept: those that the program prints, and no others.
folder=$(mktemp -d)
trap 'rm -rf "$folder"' EXIT
{
	printf '{"state":"ready"'
	sed -n -e 's/.*\tFIELD(\([a-z_]*\), TEXT),.*/,"\1":""/p' \
		-e 's/.*\tFIELD(\([a-z_]*\), [A-Z0-9]*),.*/,"\1":0/p' "$pods/common/status.c"
	echo '}'
} >"$folder/status.json"
"$tool" status --prometheus --socket="$folder/status.sock" | sed -n 's/^# TYPE \([^ ]*\) .*/\1/p' | sort >"$folder/metrics"
[ -s "$folder/metrics" ] || missing metrics "farroot status --prometheus"
sed -n '/^=item B<farroot_/s/B<\([a-z_]*\)>/\n\1\n/gp' "$tool_pod" | grep '^farroot_' | sort >"$folder/documented"
diff "$folder/metrics" "$folder/documented" >&2 || missing "the list of metrics" farroot.pod

# farroot-image, a script.
builder=$srcdir/image/farroot-image
builder_pod=$srcdir/image/farroot-image.pod
builder_commands=$(sh "$builder" --help | sed -n 's/^  \([a-z][a-z]*\) .*/\1/p')
[ -n "$builder_commands" ] || missing commands "farroot-image --help"
for command in $builder_commands; do
	grep -q "^=head2 farroot-image $command " "$builder_pod" || missing "$command" farroot-image.pod
	for option in $(sh "$builder" "$command" --help | sed -n 's/^ *\(--*[a-z-]*\) .*/\1/p'); do
		grep -q "B<$option>" "$builder_pod" || missing "$option of $command" farroot-image.pod
	done
done
podchecker "$builder_pod" >/dev/null 2>&1 || missing "well-formed pod" farroot-image.pod
[ -s "$top_builddir/image/farroot-image.1" ] || missing farroot-image.1 "the build folder"

fleet_pod=$srcdir/fleet/farroot-fleet.pod
for option in $(options_of fleet); do
	grep -q "B<${option}[=>]" "$fleet_pod" || missing "$option" farroot-fleet.pod
done
for command in $(commands_of fleet); do
	grep -q -e "B<farroot fleet $command>" -e ">|B<$command>" "$fleet_pod" || missing "$command" farroot-fleet.pod
done
grep -o 'farroot_fleet_[a-z_]*[a-z]' "$srcdir/fleet/farroot_fleet/show.py" | sort -u >"$folder/fleet-metrics"
[ -s "$folder/fleet-metrics" ] || missing metrics show.py
while read -r metric; do
	grep -q "B<$metric" "$fleet_pod" || missing "$metric" farroot-fleet.pod
done <"$folder/fleet-metrics"
podchecker "$fleet_pod" >/dev/null 2>&1 || missing "well-formed pod" farroot-fleet.pod
[ -s "$top_builddir/fleet/farroot-fleet.1" ] || missing farroot-fleet.1 "the build folder"

for page in tool/farroot.1 nbdkit/nbdkit-farroot-plugin.1 fuse/mount.fuse.farroot.8; do
	podchecker "$pods/${page%.*}.pod" >/dev/null 2>&1 || missing "well-formed pod" "${page%.*}.pod"
	[ -s "$top_builddir/nbd-plugin/$page" ] || missing "$page" "the build folder"
done
exit "$status"
