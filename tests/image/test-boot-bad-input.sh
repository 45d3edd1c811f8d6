#!/bin/sh
# SPDX-License-Identifier: MIT
# Copyright (c) 2026 The rpi-rescue-netboot authors
#
# What cannot work ends at once, with a message that says what to do, and leaves what was
# there as it was.
. "${srcdir:-..}/tests/image/lib.sh"
make_site
no=$dir/no

# usage_error TEXT ARGUMENT...: a mistake on the command line, status 2.
usage_error() {
	text=$1
	shift
	status=0
	farroot_image "$@" >"$dir/usage.out" 2>"$dir/usage.log" </dev/null || status=$?
	same "$status" 2 "status of farroot-image $*"
	grep -qF -e "$text" "$dir/usage.log" || fail "farroot-image $*: no '$text' in: $(cat "$dir/usage.log")"
	grep -q -e '--help$' "$dir/usage.log" || fail "farroot-image $*: the message does not name --help"
}

usage_error "SITE is missing" boot
usage_error "--from DIR is missing" boot "$site"
usage_error "-o OUT is missing" boot "$site" --from "$from"
usage_error "--from needs a value" boot "$site" --from
usage_error "--key looks like an option" boot "$site" --from --key x
usage_error "one SITE is enough" boot a b
usage_error "--nonsense: no such option" boot "$site" --nonsense
usage_error "give one of them" boot "$site" --from a -o b --key c --sign d
usage_error "--sign needs --public-key" boot "$site" --from a -o b --sign d
usage_error "--public-key needs --key" boot "$site" --from a -o b --public-key d
usage_error "FOLDER is missing" verify
usage_error "no such option" verify -x
usage_error "BOOT.IMG is missing" extract
usage_error "-o DIR is missing" extract x
usage_error "must be hex digits" extract x -o y --serial zz
for command in boot hosts verify extract eeprom; do
	farroot_image "$command" --help >"$dir/help" || fail "$command --help fails"
	grep -q "^Usage: farroot-image $command " "$dir/help" || fail "$command --help has no usage"
	farroot_image --help | grep -q "^  $command " || fail "--help does not list $command"
	! grep '.\{87\}' "$dir/help" || fail "$command --help has wide lines"
done

boot_from() {
	farroot_image boot "$site" --from "$1" --firmware "$firmware" -o "$no"
}
refused "absent: no such folder" boot_from "$dir/absent"
refused "no such folder; a site is" farroot_image boot "$dir/absent" --from "$from" -o "$no"
refused "has no start4.elf" farroot_image boot "$site" --from "$from" --firmware "$from" -o "$no"
refused "absent: no such folder" farroot_image boot "$site" --from "$from" --firmware "$dir/absent" -o "$no"
for prefix in '' ../x a/b .x 'a b' xx:xx:xx:xx:xx:xx 100000001234abcd 12345678901234567890123456789012; do
	refused "--prefix $prefix: " boot_to "$no" --prefix "$prefix"
done
refused "no such folder; make it first" boot_to "$dir/absent/out"
SOURCE_DATE_EPOCH=yesterday refused "SOURCE_DATE_EPOCH=yesterday" boot_to "$no"

# Each part of what farroot-image rescue makes.
broken() {
	rm -rf "$dir/broken"
	cp -R "$from" "$dir/broken"
	cat >"$dir/broken/$2"
	refused "$1" boot_from "$dir/broken"
}
for file in vmlinuz initrd rescue.cpio kernel-version dtbs/bcm2711-rpi-4-b.dtb; do
	broken "$file: is empty" "$file" </dev/null
done
echo 'no kernel' | broken "is no arm64 kernel" vmlinuz
printf 'MZ\0\0zimg and so on' | broken "EFI zboot" vmlinuz
echo 'no tree' | broken "is no device tree" dtbs/bcm2711-rpi-400.dtb
truncate -s 100G "$dir/huge"
broken "rescue.cpio: is empty" rescue.cpio </dev/null
mv "$dir/huge" "$dir/broken/rescue.cpio"
refused "rescue.cpio: 107374182400 bytes, and all of boot.img may have" boot_from "$dir/broken"
refused "107374182400 bytes, and the boot loader takes" farroot_image extract "$dir/broken/rescue.cpio" -o "$no"
echo amd64 | broken "a Pi 4 boots arm64 only" arch
rm "$dir/broken/vmlinuz" && mkdir "$dir/broken/vmlinuz" && echo arm64 >"$dir/broken/arch"
refused "vmlinuz: is a folder" boot_from "$dir/broken"
rm -r "$dir/broken/vmlinuz" && ln -s absent "$dir/broken/vmlinuz"
refused "vmlinuz: no such file" boot_from "$dir/broken"

# A misspelt folder of the site, and one that no command reads, would have no effect.
for folder in boot/cmdlin.d boot/files common/config.txt; do
	mkdir -p "$site/$folder"
	refused "$folder: unknown; here may be " boot_from "$from"
	rmdir "$site/$folder"
done
rmdir "$site/boot"

# A folder that something else made stays.
mkdir "$no"
echo mine >"$no/file"
refused "has files that farroot-image boot did not make" boot_to "$no"
same "$(cat "$no/file")" mine "a file of the user"
rm "$no/file"
ln -s "$no" "$dir/link"
refused "is a symbolic link" boot_to "$dir/link"
refused "is a symbolic link" boot_to "$dir/link/"
boot_to "$no" >/dev/null 2>&1 || fail "an empty folder is refused"
# One of an earlier run is replaced, and stays if the new one fails.
echo old >"$no/card/extra"
refused "no such file" boot_to "$no" --key "$dir/absent"
[ -e "$no/card/extra" ] || fail "a run that failed took away the files of the one before"
boot_to "$no" >/dev/null 2>&1 || fail "the output of an earlier run is not replaced"
[ ! -e "$no/card/extra" ] || fail "a file of an earlier run stayed"

# Without a program that it needs: a PATH with all others.
mkdir -p "$dir/bin" "$dir/tree/lib"
for folder in /usr/sbin /usr/bin /sbin /bin; do
	ln -s "$folder"/* "$dir/bin/" 2>/dev/null
done
cp "$image" "$dir/tree/farroot-image"
cp "$srcdir"/image/lib/*.sh "$dir/tree/lib/"
sed "s|PATH=\$PATH:/usr/sbin:/sbin|PATH=$dir/bin|" "$srcdir/image/lib/boot-common.sh" >"$dir/tree/lib/boot-common.sh"
for program in mkfs.vfat mcopy openssl xxd; do
	mv "$dir/bin/$program" "$dir/hidden"
	refused "$program is not installed; install it: apt-get install" sh "$dir/tree/farroot-image" boot "$site" \
		--from "$from" --firmware "$firmware" -o "$dir/other"
	mv "$dir/hidden" "$dir/bin/$program"
done
sh "$dir/tree/farroot-image" boot "$site" --from "$from" --firmware "$firmware" -o "$dir/other" >/dev/null 2>&1 ||
	fail "the programs in $dir/bin are not enough"

# A full disk.
if [ "$(id -u)" = 0 ] && unshare -m true 2>/dev/null; then
	# shellcheck disable=SC2016 # for the shell in the namespace
	on_small_disk='mount -t tmpfs -o size="$1" none "$2" || exit 7
		sh "$3" boot "$4" --from "$5" --firmware "$6" -o "$2/out" --key "$7" && exit
		[ -z "$(ls -A "$2")" ] || exit 8
		exit 1'
	mkdir "$dir/full"
	for size in 8 32 64 128 256 384 512 640 768 896 1024; do
		refused "is the disk full" unshare -m sh -c "$on_small_disk" sh "${size}k" "$dir/full" \
			"$image" "$site" "$from" "$firmware" "$dir/owner.key"
	done
fi
nothing_left
