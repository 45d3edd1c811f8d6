# SPDX-License-Identifier: MIT
# Copyright (c) 2026 The rpi-rescue-netboot authors
"""The time that a measured boot needs at least on its link, from the trace of the same boot.

    limit = first packet + round trip + bytes read * 8 / rate

- *first packet* is the time from power-on until the guest sends its first packet.  It
  cannot have requested anything before.
- *round trip*: the first byte of the first answer arrives one round trip later.
- *bytes read* are the bytes of the image that the kernel had read from the root's block
  device when the boot was complete.  Each byte counts once; hash blocks, headers, and
  data that was fetched and not read do not count.  All these bytes crossed the link, one
  after the other, at its rate.

So a boot that reads these bytes over this link can be no faster, with any stack that sends
them as they are in the image.  Losses, outages and the time of the processor only add to
the limit; none of them counts here.
"""

import re

COMPLETED = re.compile(r" (\d+\.\d+): block_rq_complete: (\d+,\d+) (\w+) \(.*\) (\d+) \+ (\d+) .*\[(-?\d+)\]$")
SECTOR = 512


def limit_s(first_packet_s, rtt_ms, read_bytes, mbit):
    return first_packet_s + rtt_ms / 1e3 + read_bytes * 8 / (mbit * 1e6)


def download_limit_s(rtt_ms, size, mbit):
    """The time from the first packet of a download by TCP to its last byte: a round trip for the connection,
    one for the request, and the bytes at the rate of the link.  Headers and losses add to it."""
    return 2 * rtt_ms / 1e3 + size * 8 / (mbit * 1e6)


def bytes_read(trace, until_s):
    """The distinct bytes of one block device whose reads had ended at until_s of the trace's clock.
    trace is the text of the kernel's trace of block_rq_complete; the root's device is the one with
    the most bytes."""
    sectors = {}
    for at_s, device, kind, start, count, error in map(re.Match.groups, filter(None, map(COMPLETED.search, trace.splitlines()))):
        if float(at_s) <= until_s and kind.startswith("R") and error == "0":
            sectors.setdefault(device, set()).update(range(int(start), int(start) + int(count)))
    return max(map(len, sectors.values()), default=0) * SECTOR
