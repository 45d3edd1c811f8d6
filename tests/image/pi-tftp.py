# SPDX-License-Identifier: MIT
# Copyright (c) 2026 The rpi-rescue-netboot authors
#
# A TFTP client that asks what a Pi 4 asks, in its order: the boot loader in the EEPROM looks
# for start4.elf and config.txt, then start4.elf asks for what config.txt names.
# usage: pi-tftp.py SERVER PREFIX OUT-FOLDER: writes what it got; prints the requests.
import os
import socket
import struct
import sys

server, prefix, out = sys.argv[1:4]
BLOCK = 1024


def request(name):
    """An octet read request with tsize 0 and blksize, as the boot loader sends it."""
    sock = socket.socket(socket.AF_INET, socket.SOCK_DGRAM)
    sock.settimeout(5)
    options = b"\0".join([name.encode(), b"octet", b"tsize", b"0", b"blksize", str(BLOCK).encode()])
    sock.sendto(b"\0\1" + options + b"\0", (server, 69))
    reply, peer = sock.recvfrom(BLOCK + 4)
    return sock, reply, peer


def probe(name):
    """Whether it is there: asks for the size and stops with an error, which is normal."""
    sock, reply, peer = request(name)
    found = reply[1] == 6
    if found:
        sock.sendto(b"\0\5\0\0early terminate\0", peer)
    print("probe", name, "found" if found else "missing")
    return found


def get(name):
    sock, reply, peer = request(name)
    if reply[1] == 5:
        print("get", name, "missing")
        return None
    if reply[1] != 6:
        sys.exit("%s: no OACK, but %r" % (name, reply[:20]))
    words = reply[2:].split(b"\0")
    options = dict(zip(words[0::2], words[1::2]))
    size, block = int(options[b"tsize"]), int(options[b"blksize"])
    data, number = bytearray(), 0
    while True:
        sock.sendto(struct.pack(">HH", 4, number & 0xFFFF), peer)
        reply, peer = sock.recvfrom(BLOCK + 4)
        if reply[1] != 3:
            sys.exit("%s: block %d: %r" % (name, number + 1, reply[:40]))
        number += 1
        if struct.unpack(">H", reply[2:4])[0] != number:
            sys.exit("%s: block %d has another number" % (name, number))
        data += reply[4:]
        if len(reply) - 4 < block:
            break
    sock.sendto(struct.pack(">HH", 4, number), peer)
    if len(data) != size or number > 65535:
        sys.exit("%s: %d bytes of %d in %d blocks" % (name, len(data), size, number))
    path = os.path.join(out, name[len(prefix):])
    os.makedirs(os.path.dirname(path), exist_ok=True)
    with open(path, "wb") as f:
        f.write(data)
    print("get", name, len(data))
    return bytes(data)


# The boot loader: without start4.elf and start.elf in the folder, the prefix is dropped.
if not probe(prefix + "start4.elf") and not probe(prefix + "start.elf"):
    prefix = ""
get(prefix + "config.txt")
probe(prefix + "recover4.elf")
probe(prefix + "recovery.elf")
get(prefix + "start4.elf")
get(prefix + "fixup4.dat")
# start4.elf.
config = get(prefix + "config.txt").decode()
get(prefix + "config.txt")
values = dict(line.split("=", 1) for line in config.splitlines() if "=" in line and line[0] != "#")
for line in config.splitlines():
    if line.startswith("initramfs "):
        archives = line.split()[1].split(",")
for name in archives:
    get(prefix + name)
get(prefix + "bcm2711-rpi-4-b.dtb")
get(prefix + "overlays/overlay_map.dtb")
get(prefix + "cmdline.txt")
get(prefix + values["kernel"])
