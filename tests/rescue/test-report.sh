#!/bin/sh
# SPDX-License-Identifier: MIT
# Copyright (c) 2026 The rpi-rescue-netboot authors
#
# farroot report ends although a disk holds a process that no signal ends, and names that disk;
# the health of the other disks is there.
. "${srcdir:-..}/tests/lib.sh"
own_mounts
need_root
need losetup mkfs.ext4 fsfreeze
rescue=$(cd "$srcdir/initramfs/rescue" && pwd)
RESCUE_STATE=$dir/state FARROOT_SYSTEM=$dir/system RESCUE_REPORT_SECONDS=$(slack 3)
export RESCUE_STATE FARROOT_SYSTEM RESCUE_REPORT_SECONDS
mkdir -p "$RESCUE_STATE" "$dir/programs" "$dir/broken" "$FARROOT_SYSTEM/sys/block/loop0"
for disk in sda sdb sdc sdd; do
	mkdir -p "$FARROOT_SYSTEM/sys/block/$disk/device"
done
echo 'the rescue system stays' >"$RESCUE_STATE/doing"
: >"$RESCUE_STATE/arguments"

# A process that writes to a frozen file system is in state D.
truncate -s 16M "$dir/broken.disk"
mkfs.ext4 -q "$dir/broken.disk" || fail mkfs.ext4
mount -o loop "$dir/broken.disk" "$dir/broken" 2>"$dir/mount.log" || skip "no loop device"
at_exit() {
	fsfreeze -u "$dir/broken" 2>/dev/null
}
fsfreeze -f "$dir/broken" || fail fsfreeze
cat >"$dir/programs/smartctl" <<END
#!/bin/sh
case \$* in
*sdb) exec touch "$dir/broken/file" ;;
*sdc) sleep 300 ;;
*) echo "PASSED: \$*" ;;
esac
END
printf '#!/bin/sh\n' >"$dir/programs/farroot"
chmod +x "$dir/programs"/*
PATH=$dir/programs:$PATH

# in_report FILE: of the last report.
in_report() {
	tar -xzOf "$dir/report.tar.gz" "report/$1" 2>/dev/null
}

"$rescue/report" "$dir/report.tar.gz" >"$dir/out" 2>"$dir/err" </dev/null &
report=$!
remember $report
wait_until 60 "farroot report ends" is_gone $report
same "$(cat "$dir/out")" "$dir/report.tar.gz" "what it prints"
in_report processes | grep -q ' D .* touch' || fail "no process is in state D: $(in_report processes)"
same "$(in_report smart-sda)" 'PASSED: -H -A /dev/sda' "the health of a disk before the broken one"
same "$(in_report smart-sdd)" 'PASSED: -H -A /dev/sdd' "the health of a disk behind the broken one"
same "$(in_report not-ended)" "smart-sdb: smartctl -H -A /dev/sdb: has not ended after $RESCUE_REPORT_SECONDS s
smart-sdc: smartctl -H -A /dev/sdc: has not ended after $RESCUE_REPORT_SECONDS s" "what did not end"
same "$(cat "$dir/err")" "$(in_report not-ended)" "the message"
! in_report smart-loop0 >/dev/null || fail "a disk without hardware was asked"
in_report state | grep -qx 'the rescue system stays' || fail "no state: $(in_report state)"
in_report dmesg >/dev/null || fail "no dmesg"

# All is well: nothing is said.
fsfreeze -u "$dir/broken"
rm -r "$FARROOT_SYSTEM/sys/block/sdc"
RESCUE_REPORT_SECONDS=20 "$rescue/report" >"$dir/report.tar.gz" 2>"$dir/err" || fail "farroot report"
same "$(cat "$dir/err")" '' "the message of a machine that is well"
! in_report not-ended || fail "something has not ended"
