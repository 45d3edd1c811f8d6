#!/bin/sh
# SPDX-License-Identifier: MIT
# Copyright (c) 2026 The rpi-rescue-netboot authors
#
# farroot-image verify accepts what boot made, and nothing that a Pi would refuse.
. "${srcdir:-..}/tests/image/lib.sh"
make_site
make_key other
boot
http=$dir/http

verify() {
	farroot_image verify "$http" --public-key "$dir/owner.pem"
}

fresh() {
	rm -rf "$http"
	cp -R "$out/http" "$http"
}

# sign_again: so that only the contents of boot.img are wrong.
sign_again() {
	{
		sha256_of <"$http/boot.img"
		echo 'ts: 1'
		echo "rsa2048: $(openssl dgst -sha256 -sign "$dir/owner.key" "$http/boot.img" | xxd -p -c 999)"
	} >"$http/boot.sig"
}

fresh
verify >"$dir/ok" || fail "what boot made is refused"
grep -q "as a Pi needs them" "$dir/ok" || fail "no word about the result"
farroot_image verify "$http" 2>&1 | grep -q "the signature was not checked" || fail "no word about the signature"

# One byte, in the boot sector, in the first file, at the end.
size=$(stat -c %s "$http/boot.img")
for offset in 0 100 $((size / 4)) $((size - 1)); do
	fresh
	byte=$(tail -c "+$((offset + 1))" "$http/boot.img" | head -c 1 | xxd -p)
	printf %02x $((0x$byte ^ 1)) | xxd -r -p |
		dd of="$http/boot.img" bs=1 seek="$offset" conv=notrunc 2>/dev/null
	refused "boot.img changed after it was signed" verify
done

fresh
sed -i '3s/[0-9a-f]$/x/' "$http/boot.sig"
refused "has no line rsa2048" verify
fresh
sed -i '3d' "$http/boot.sig"
refused "boots nothing unsigned" verify
fresh
sed -i '2d' "$http/boot.sig"
refused "no line ts:" verify
fresh
: >"$http/boot.sig"
refused "boot.sig: is empty" verify
rm "$http/boot.sig"
refused "says that boot.img is not found" verify
fresh
refused "is not of the key" farroot_image verify "$http" --public-key "$dir/other.pem"
refused "no such folder" farroot_image verify "$dir/absent"

# Signed, but not what a Pi can boot.
for file in kernel8.img initrd rescue.cpio bcm2711-rpi-4-b.dtb start4.elf fixup4.dat cmdline.txt; do
	fresh
	mdel -i "$http/boot.img" "::$file"
	sign_again
	refused "$(echo "$file" | sed s/bcm2711-rpi-4-b.dtb/'no device tree for the model 4b'/)" verify
done
fresh
mdel -i "$http/boot.img" ::config.txt
sign_again
refused "has no config.txt" verify
fresh
mdel -i "$http/boot.img" ::kernel8.img
echo 'no kernel' | mcopy -i "$http/boot.img" - ::kernel8.img
sign_again
refused "no arm64 kernel" verify
fresh
random_bytes 3000000 >"$http/boot.img"
sign_again
refused "no sound FAT" verify
fresh
# The first FAT entries of the files.
head -c 2000 /dev/zero | dd of="$http/boot.img" bs=1 seek=520 conv=notrunc 2>/dev/null
sign_again
refused "no sound FAT" verify
fresh
# A chain of clusters leaves one out.
printf 'f\000' | dd of="$http/boot.img" bs=1 seek=$((512 + 2 * 100)) conv=notrunc 2>/dev/null
sign_again
refused "no sound FAT" verify
fresh
truncate -s $(((96 << 20) + 1)) "$http/boot.img"
refused "the boot loader takes 100663296" verify
nothing_left
