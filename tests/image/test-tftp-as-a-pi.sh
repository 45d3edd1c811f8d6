#!/bin/sh
# SPDX-License-Identifier: MIT
# Copyright (c) 2026 The rpi-rescue-netboot authors
#
# dnsmasq serves OUT/tftp, and a client that asks in the order of a Pi 4 gets the very files
# of boot.img, with a folder for its serial number and without one.
. "${srcdir:-..}/tests/image/lib.sh"
need_root
need dnsmasq python3 unshare ip
unshare -n true 2>/dev/null || skip "no network namespace can be made"
make_site
make_raspberrypi_kernel

# In a network namespace of its own, on its loopback device.
cat >"$dir/serve-and-ask" <<'END'
#!/bin/sh
# ROOT PREFIX GOT CLIENT
ip link set lo up || exit 1
dnsmasq --no-daemon --conf-file=/dev/null --port=0 --listen-address=127.0.0.1 --bind-interfaces \
	--enable-tftp --tftp-root="$1" --user=root --pid-file= >"$3.dnsmasq" 2>&1 &
server=$!
tries=0
until grep -q ':0045 ' /proc/net/udp; do
	tries=$((tries + 1))
	[ $tries -lt 200 ] || exit 1
	sleep 0.05
done
timeout 60 python3 "$4" 127.0.0.1 "$2" "$3"
status=$?
kill $server
wait $server
exit $status
END

# ask PREFIX
ask() {
	rm -rf "$dir/got"
	mkdir "$dir/got"
	unshare -n sh "$dir/serve-and-ask" "$(cd "$out/tftp" && pwd)" "$1" "$dir/got" "$srcdir/tests/image/pi-tftp.py" \
		>"$dir/asked.log" 2>&1 || fail "the client ended with $?"
}

boot --prefix 9ffefdef
ask 9ffefdef/
for file in kernel8.img initrd rescue.cpio config.txt cmdline.txt bcm2711-rpi-4-b.dtb start4.elf fixup4.dat overlays/overlay_map.dtb; do
	mcopy -n -i "$out/http/boot.img" "::$file" "$dir/file"
	cmp "$dir/file" "$dir/got/$file" || fail "$file by TFTP is not that of boot.img"
	rm "$dir/file"
done
same "$(grep -c '^get .* missing' "$dir/asked.log")" 0 "files that are missing"
same "$(head -n 4 "$dir/asked.log" | tr '\n' ',')" \
	"probe 9ffefdef/start4.elf found,get 9ffefdef/config.txt $(stat -c %s "$out/card/config.txt"),probe 9ffefdef/recover4.elf missing,probe 9ffefdef/recovery.elf missing," \
	"the first requests"

# Another Pi: its folder is not there, and the files lie at the top.
boot
ask 12345678/
grep -qx 'probe 12345678/start.elf missing' "$dir/asked.log" || fail "the folder of another Pi was found"
cmp "$out/card/kernel8.img" "$dir/got/kernel8.img" || fail "another kernel"
