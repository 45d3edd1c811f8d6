#!/bin/sh
# SPDX-License-Identifier: MIT
# Copyright (c) 2026 The rpi-rescue-netboot authors
#
# farroot boot-local gives a LUKS mapping the name of the disk's crypttab(5), in whatever form that
# names the disk; else systemd there would ask for the passphrase again.
. "${srcdir:-..}/tests/lib.sh"
own_mounts
# shellcheck source-path=SCRIPTDIR source=disk.sh
. "$srcdir/tests/rescue/disk.sh"
need cryptsetup sfdisk partx
disk_fill_root
# The encrypted partition, and what is in it: no mapping is made on this machine.
truncate -s 24M "$dir/luks.disk"
echo 'start=2048, type=L' | sfdisk -q --label gpt "$dir/luks.disk" 2>"$dir/sfdisk.log" || fail sfdisk
loop=$(losetup --show -f "$dir/luks.disk") || skip "no loop device"
loops="$loops $loop"
luks=${loop}p1
# Also with a kernel that looks for no partitions.
partx -a "$loop" || fail "partx -a"
at_exit() {
	umount -l "$RESCUE_TARGET" 2>/dev/null
	partx -d "$loop"
	for loop in $loops; do
		losetup -d "$loop"
	done
}
wait_until 10 "the partition" test -b "$luks"
printf x | cryptsetup luksFormat -q --type luks2 --label test-crypt --pbkdf pbkdf2 --pbkdf-force-iterations 1000 "$luks" - || fail luksFormat
mount -t tmpfs mapper /dev/mapper || fail "no own /dev/mapper"
mkdir "$dir/programs"
cat >"$dir/programs/cryptsetup" <<END
#!/bin/sh
case \$1 in
open) ln -s "\$(cat "$dir/plain")" "/dev/mapper/\$3" ;;
luksUUID) exec "$(command -v cryptsetup)" "\$@" ;;
esac
END
# shellcheck disable=SC2016 # for the stand-in
printf '#!/bin/sh\necho "$*" >>"%s"\n' "$dir/dmsetup" >"$dir/programs/dmsetup"
chmod +x "$dir/programs"/*
PATH=$dir/programs:$PATH
disk_make plain "$dir/root" 16
echo "$disk" >"$dir/plain"
mkdir "$dir/plain.mount"

# renamed CRYPTTAB: what boot-local has dmsetup do.
renamed() {
	mount "$disk" "$dir/plain.mount" || fail mount
	printf '%s\n' "$1" >"$dir/plain.mount/etc/crypttab"
	umount "$dir/plain.mount"
	: >"$dir/dmsetup"
	"$rescue/boot-local" "$luks" >"$dir/out" 2>"$dir/boot.log" </dev/null || fail "boot-local: $(cat "$dir/boot.log")"
	umount "$RESCUE_TARGET" || fail umount
	rm "/dev/mapper/farroot-${luks#/dev/}"
	cat "$dir/dmsetup"
}

uuid=$(blkid -p -o value -s UUID "$luks")
part=$(blkid -p -o value -s PART_ENTRY_UUID "$luks")
for source in "UUID=$uuid" "UUID=\"$uuid\"" "/dev/disk/by-uuid/$uuid" "PARTUUID=$part" "/dev/disk/by-partuuid/$part" LABEL=test-crypt "$luks"; do
	same "$(renamed "# comment
other UUID=11111111-2222-3333-4444-555555555555 none luks
cryptroot $source none luks")" "rename farroot-${luks#/dev/} cryptroot" "crypttab with $source"
done
same "$(renamed "farroot-${luks#/dev/} UUID=$uuid none luks")" '' "a name that it has already"
same "$(renamed 'other /dev/sdz9 none luks')" '' "a crypttab without this disk"

# The small flavour has no dmsetup.
printf '#!/bin/sh\nexit 127\n' >"$dir/programs/dmsetup"
renamed "cryptroot UUID=$uuid none luks" >/dev/null
grep -q 'does not get the name cryptroot of the disk' "$dir/boot.log" || fail "the message: $(cat "$dir/boot.log")"
