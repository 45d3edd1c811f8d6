#!/usr/bin/env python3
# SPDX-License-Identifier: MIT
# Copyright (c) 2026 The rpi-rescue-netboot authors
"""A VLAN in user space: vlan.py INTERFACE NAME ID

Makes the tap interface NAME.  What it sends leaves INTERFACE with the tag ID; what comes in
there with this tag, NAME receives without it.  Ends with the process.
"""
import fcntl
import select
import socket
import struct
import sys

ETH_P_ALL = 3
ETH_P_8021Q = 0x8100
# linux/if_packet.h and linux/if_tun.h
SOL_PACKET, PACKET_AUXDATA, TP_STATUS_VLAN_VALID, PACKET_OUTGOING = 263, 8, 0x10, 4
TUNSETIFF, IFF_TAP, IFF_NO_PI = 0x400454CA, 2, 0x1000

interface, name, tag = sys.argv[1], sys.argv[2], int(sys.argv[3])
tap = open("/dev/net/tun", "r+b", buffering=0)
fcntl.ioctl(tap, TUNSETIFF, struct.pack("16sH22x", name.encode(), IFF_TAP | IFF_NO_PI))
trunk = socket.socket(socket.AF_PACKET, socket.SOCK_RAW, socket.htons(ETH_P_ALL))
trunk.setsockopt(SOL_PACKET, PACKET_AUXDATA, 1)
trunk.bind((interface, 0))


def untagged(frame, control):
    """The frame without the tag; None: it has another one, or none."""
    for level, kind, data in control:
        # tpacket_auxdata: the kernel has taken the tag out of the frame.
        if (level, kind) == (SOL_PACKET, PACKET_AUXDATA):
            status, _, _, _, _, tci, _ = struct.unpack("IIIHHHH", data[:20])
            if status & TP_STATUS_VLAN_VALID:
                return frame if tci & 0xFFF == tag else None
    if frame[12:14] == ETH_P_8021Q.to_bytes(2, "big") and int.from_bytes(frame[14:16], "big") & 0xFFF == tag:
        return frame[:12] + frame[16:]
    return None


while True:
    for ready in select.select([tap, trunk], [], [])[0]:
        if ready is tap:
            frame = tap.read(65536)
            trunk.send(frame[:12] + struct.pack(">HH", ETH_P_8021Q, tag) + frame[12:])
            continue
        frame, control, _, address = trunk.recvmsg(65536, 256)
        inner = untagged(frame, control) if address[2] != PACKET_OUTGOING else None
        if inner:
            tap.write(inner)
