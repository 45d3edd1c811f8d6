# SPDX-License-Identifier: MIT
# Copyright (c) 2026 The rpi-rescue-netboot authors
#
# A DHCP client that asks as the boot loader of a Pi 4 does, or as the PXE of a PC.
# usage: pi-dhcp.py INTERFACE MAC UUID-IN-HEX: prints the options of the offer, or "no offer".
import os
import socket
import struct
import sys

interface, mac, uuid = sys.argv[1:4]
transaction = os.urandom(4)


def option(code, value):
    return bytes([code, len(value)]) + value


packet = struct.pack("!BBBB4sHH16x", 1, 1, 6, 0, transaction, 0, 0x8000)
packet += bytes.fromhex(mac.replace(":", "")) + bytes(10 + 64 + 128) + b"\x63\x82\x53\x63"
packet += option(53, b"\1")
packet += option(55, bytes([1, 3, 43, 60, 66, 67, 128, 129]))
packet += option(60, b"PXEClient:Arch:00000:UNDI:002001")
packet += option(93, b"\0\0") + option(94, b"\1\2\1") + option(97, bytes.fromhex(uuid)) + b"\xff"

client = socket.socket(socket.AF_INET, socket.SOCK_DGRAM)
client.setsockopt(socket.SOL_SOCKET, socket.SO_BROADCAST, 1)
client.setsockopt(socket.SOL_SOCKET, socket.SO_BINDTODEVICE, interface.encode())
client.bind(("0.0.0.0", 68))
client.settimeout(float(os.environ.get("SECONDS_TO_WAIT", "3")))
client.sendto(packet, ("255.255.255.255", 67))
while True:
    try:
        reply = client.recv(2000)
    except socket.timeout:
        print("no offer")
        sys.exit()
    if reply[4:8] == transaction:
        break
print("address", socket.inet_ntoa(reply[16:20]))
print("next-server", socket.inet_ntoa(reply[20:24]))
at = 240
while at < len(reply) and reply[at] != 255:
    if reply[at] == 0:
        at += 1
        continue
    print("option", reply[at], reply[at + 2:at + 2 + reply[at + 1]])
    at += 2 + reply[at + 1]
