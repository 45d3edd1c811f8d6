# SPDX-License-Identifier: MIT
# Copyright (c) 2026 The rpi-rescue-netboot authors
"""boot.img of the rescue system, and the grid of flavours and links, for bench/rescue and bench/rescue-tools."""

import argparse
import datetime
import os
import shutil
import signal
import subprocess
import sys
import time

from testbed import (ADDRESS, GUEST, HERE, ORIGIN, TOP, WORK, Boot, Link, Origin, add_row, commit, emulation, lock, output,
                     qemu_command, rows_of)

ARCH = "arm64"
TIME_LIMIT_S = 900
# Between two tries to log in.
PAUSE_S = 0.2
CLIENT = "benchguest"


class Image:
    """boot.img of one flavour, taken apart as the firmware does; what did not change is not built again."""

    def __init__(self, flavour, tools=""):
        """tools is the tools= of site.conf; tools_img is then the tools image."""
        self.flavour, self.tools, self.dir = flavour, tools, f"{WORK}/bench-rescue-{flavour}{'-tools' if tools else ''}"
        self.commit = commit("image", "initramfs", "nbd-plugin")
        self.www, self.key = f"{self.dir}/boot/rpiboot", f"{WORK}/bench-rescue-key"
        taken = f"{self.dir}/taken"
        if not os.path.exists(self.key):
            output("ssh-keygen", "-q", "-t", "ed25519", "-N", "", "-C", "bench", "-f", self.key)
        self.write_site(f"{self.dir}/site")
        debs = output(f"{TOP}/tests/boot/vm/make-debs", "--arch", ARCH)
        self.farroot_image("rescue", f"{self.dir}/site", "-o", f"{self.dir}/rescue", "--debs", debs)
        self.farroot_image("boot", f"{self.dir}/site", "--from", f"{self.dir}/rescue", "-o", f"{self.dir}/boot")
        shutil.rmtree(taken, ignore_errors=True)
        self.farroot_image("extract", f"{self.www}/boot.img", "-o", taken)
        self.kernel, self.initrd = f"{taken}/kernel", f"{taken}/initramfs"
        with open(f"{taken}/cmdline", encoding="ascii") as file:
            self.arguments = file.read().strip()
        with open(f"{self.dir}/rescue/kernel-version", encoding="ascii") as file:
            self.version = file.read().strip()
        self.bytes = os.path.getsize(f"{self.www}/boot.img")
        self.tools_img = None
        if tools:
            with open(f"{self.dir}/rescue/tools-image", encoding="ascii") as file:
                self.tools_img = f"{self.dir}/rescue/{file.read().strip()}"

    def write_site(self, site):
        os.makedirs(site, exist_ok=True)
        with open(f"{site}/site.conf", "w", encoding="ascii") as file:
            file.write(f"arch={ARCH}\nflavour={self.flavour}\nserial=none\n")
            file.write(f"tools={self.tools}\n" if self.tools else "")
        shutil.copy(f"{self.key}.pub", f"{site}/authorized_keys")

    def farroot_image(self, *arguments):
        cache = os.environ.get("FARROOT_IMAGE_CACHE", f"{WORK}/image-{ARCH}")
        # It packs the tools image with this tree's farroot.
        path = f"{output(f'{HERE}/make-tree')}/usr/bin:{os.environ['PATH']}" if self.tools else os.environ["PATH"]
        subprocess.run([f"{TOP}/image/farroot-image", *arguments], check=True, stdout=sys.stderr,
                       env={**os.environ, "FARROOT_IMAGE_CACHE": cache, "PATH": path})

    def fetch_s(self, link, run):
        """The seconds that curl takes."""
        origin = Origin(self.www, f"{self.dir}/origin", link, run, CLIENT)
        try:
            # When nginx answers.
            while subprocess.run(origin.command("curl", "-sfIo", "/dev/null", f"http://{ORIGIN}/boot.img"), check=False).returncode:
                time.sleep(0.05)
            began = time.monotonic()
            subprocess.run(["ip", "netns", "exec", CLIENT, "curl", "-sfo", "/dev/null", f"http://{ORIGIN}/boot.img"], check=True)
            return time.monotonic() - began
        finally:
            origin.stop()

    def boot(self, link, run, command, arguments="", more=(), www=None):
        """Boots until ssh has run the command, over this link; the seconds from the start of QEMU, what the command
        printed, and the bytes that the web server in www has sent until then."""
        origin, console, boot = Origin(www or self.www, f"{self.dir}/origin", link, run), f"{self.dir}/console", None
        login, next_s = None, 0.0
        try:
            boot = Boot(qemu_command(ARCH, "1G", self.kernel, self.initrd, f"{self.arguments} {ADDRESS} {arguments}") +
                        origin.network + list(more), console)
            while boot.step() and boot.elapsed() < TIME_LIMIT_S:
                if login is None and boot.elapsed() > next_s:
                    login = self.start_login(origin, command)
                elif login and login.poll() == 0:
                    return boot.elapsed(), login.stdout.read().strip(), origin.counts(time.time())[0]
                elif login and login.poll() is not None:
                    login, next_s = None, boot.elapsed() + PAUSE_S
        finally:
            if boot:
                boot.stop()
            origin.stop()
        sys.exit(f"{os.path.basename(sys.argv[0])}: no login by ssh within {TIME_LIMIT_S} s; see {console}")

    def start_login(self, origin, command):
        # pylint: disable=consider-using-with
        return subprocess.Popen(origin.command("ssh", "-i", self.key, "-o", "UserKnownHostsFile=/dev/null", "-o",
                                               "StrictHostKeyChecking=no", "-o", "BatchMode=yes", "-o", "ConnectTimeout=15",
                                               f"root@{GUEST}", command),
                                stdin=subprocess.DEVNULL, stdout=subprocess.PIPE, stderr=subprocess.DEVNULL, text=True)


def count(rows, image, link):
    """The rows of this very image."""
    return sum((row["flavour"], row["link"], row["bytes"], row["commit"]) ==
               (image.flavour, link, str(image.bytes), image.commit) for row in rows)


def run_grid(doc, name, flavours, links, make_image, measure):
    """The command line of bench/NAME.  Each cell of flavours and links adds rows to results/NAME.csv: the fields that all have,
    and in their middle those that measure(image, link, run) returns."""
    parser = argparse.ArgumentParser(description=doc, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--cell", action="append", metavar="FLAVOUR,LINK", help="measure this cell once; may be given several times")
    parser.add_argument("--flavours", default=",".join(flavours))
    parser.add_argument("--links", default=",".join(links))
    parser.add_argument("--runs", type=int, default=2, help="rows per cell, default 2")
    parser.add_argument("--csv", default=f"{HERE}/results/{name}.csv", help="the CSV file to which rows are added")
    options = parser.parse_args()
    if os.getuid():
        sys.exit(f"bench/{name}: run as root")
    # So that the started processes end too.
    signal.signal(signal.SIGTERM, lambda *_: sys.exit(143))
    locked = lock()
    cells = [cell.split(",") for cell in options.cell or []]
    images = {flavour: make_image(flavour) for flavour in dict.fromkeys([cell[0] for cell in cells] or options.flavours.split(","))}

    def add(image, link, run):
        row = {"date": datetime.datetime.now().strftime("%FT%T"), "commit": image.commit, "flavour": image.flavour, "link": link,
               "run": run, "bytes": image.bytes, **measure(image, Link(link), run), "kernel": image.version, **emulation(),
               "load": os.getloadavg()[0]}
        add_row(options.csv, list(row), row)

    for flavour, link in cells:
        add(images[flavour], link, count(rows_of(options.csv), images[flavour], link) + 1)
    # The flavours and links take turns, so that all run under the same conditions.
    for run in range(1, options.runs + 1 if not cells else 1):
        for link in options.links.split(","):
            for image in images.values():
                if count(rows_of(options.csv), image, link) < run:
                    add(image, link, run)
    locked.close()
