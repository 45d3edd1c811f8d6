# SPDX-License-Identifier: MIT
# Copyright (c) 2026 The rpi-rescue-netboot authors
"""The common parts of bench/boot, bench/replay and bench/rescue: images, an emulated link with an
origin behind it, the boot of a machine, the CSV files of results and their reports."""

import csv
import datetime
import fcntl
import os
import re
import shutil
import signal
import statistics
import subprocess
import sys
import time

from limit import bytes_read

HERE = os.path.dirname(os.path.abspath(__file__))
TOP = os.path.dirname(HERE)
WORK = os.environ.get("FARROOT_VM_DIR", "/var/tmp/farroot-vm")

NAMES = {"local": "from a local disk", "download": "download, then boot", "nbdkit-curl": "nbdkit curl",
         "nbdkit-cache": "nbdkit readahead + cache", "nbdkit-cow": "nbdkit scan + readahead + cow",
         "qemu-nbd": "qemu-nbd copy-on-read", "farroot": "farroot, first boot",
         "farroot-profile": "farroot, profile", "farroot-packed": "farroot, packed by profile"}
# In the order in which they take turns.
STACKS = ["farroot-profile", "farroot", "farroot-packed", "nbdkit-cow", "nbdkit-cache",
          "qemu-nbd", "nbdkit-curl", "download"]
# A replay has the image as it is, and no download before the reads.
REPLAYED = [stack for stack in STACKS if stack not in ("farroot-packed", "download")]
LINKS = ["100mbit-20ms", "100mbit-600ms", "10mbit-100ms", "2mbit-300ms"]
FAULTY_LINKS = ["10mbit-100ms-1%", "2mbit-300ms-out60s"]
# The link of a boot that does not need one.
UNUSED_LINK = "1000mbit-0ms"
MACHINES = {"arm64": ["-M", "virt", "-cpu", "cortex-a72"], "amd64": ["-M", "q35", "-cpu", "qemu64"]}
CONSOLES = {"arm64": "ttyAMA0", "amd64": "ttyS0"}

TIME_LIMIT_S = 1500
MARKS = [("network", re.compile(rb"IP-Config: \S+ complete")),
         ("mounted", re.compile(rb"bench: mounted|the root file system is /dev/vda")),
         ("switch_root", re.compile(rb"bench: switch_root uptime=([\d.]+)\s")),
         # A message of the kernel may be in between.
         ("login", re.compile(rb"(?:farroot |\n)login: ")),
         ("units", re.compile(rb"Reached target \S*multi-user\.target"))]
# The boot is complete.  On a slow link the prompt comes first, because systemd shows it
# after 5 s at the latest; else the units are first.
READY = ("login", "units")
GUEST, ORIGIN = "10.77.0.2", "10.77.0.1"
TRACE_PORT = 7777
ADDRESS = f"ip={GUEST}::{ORIGIN}:255.255.255.0::eth0:off net.ifnames=0"


def say(text):
    print(time.strftime("%T"), text, file=sys.stderr, flush=True)


def output(*command, **more):
    return subprocess.run(command, check=True, stdout=subprocess.PIPE, text=True,
                          **more).stdout.strip()


def quietly(*command):
    subprocess.run(command, stderr=subprocess.DEVNULL, check=False)


def qemu_command(arch, memory, kernel, initrd, arguments):
    """The console is on standard output."""
    return [f"{HERE}/qemu", arch, *MACHINES[arch], "-m", memory, "-smp", "2", "-accel", "tcg,thread=multi",
            "-nodefaults", "-display", "none", "-no-reboot", "-kernel", kernel, "-initrd", initrd,
            "-append", f"{arguments} console={CONSOLES[arch]}", "-serial", "stdio"]


class Link:
    """RATE-RTT[-LOSS%][-outSECONDSs], such as 10mbit-100ms."""

    def __init__(self, name):
        match = re.fullmatch(r"(\d+)mbit-(\d+)ms(?:-([\d.]+)%)?(?:-out(\d+)s)?", name)
        if not match:
            sys.exit(f"{name}: not a link; examples are 10mbit-100ms, 10mbit-100ms-1% and 2mbit-300ms-out60s")
        self.name = name
        self.mbit, self.rtt_ms = int(match[1]), int(match[2])
        self.loss = match[3]
        self.outage_s = int(match[4] or 0)

    def title(self):
        rest = re.sub(r"^\d+mbit-\d+ms-?", "", self.name)
        return f"{self.mbit} Mbit/s, {self.rtt_ms} ms" + (f", {rest.replace('out', 'outage ')}" if rest else "")

    def emulator(self, socket, run):
        """The command; its queue holds one second, its losses depend on the run."""
        return [build("link-emulator"), socket, "tap0", str(self.mbit * 1000000), str(self.rtt_ms * 1000), "1000000",
                str(int(float(self.loss or 0) * 10000)), str(run)]


class Machine:
    """The files from which an architecture boots, made once for each state of the source."""

    def __init__(self, arch):
        self.arch = arch
        tree = output(f"{HERE}/make-tree", "--arch", arch)
        host = output(f"{HERE}/make-tree")
        self.farroot = f"{host}/usr/bin/farroot"
        root = output(f"{HERE}/make-rootfs", "--arch", arch, "--tree", tree)
        initrd = output(f"{HERE}/make-rootfs", "--arch", arch, "--tree", tree, "--packages",
                        "qemu-utils,qemu-block-extra,curl,ethtool", "--initramfs",
                        f"{HERE}/initramfs", "--no-image")
        self.kernel, self.initrd = f"{initrd}/vmlinuz", f"{initrd}/initrd"
        # A Debian that contains all stacks, and the files that are not a part of it.
        self.base, self.tree = re.sub(r"-[0-9a-f]{16}-initrd$", "", initrd), tree
        self.squashfs = f"{root}/image.squashfs"
        self.dir = f"{WORK}/bench-{os.path.basename(root)}"
        self.www = f"{self.dir}/www"
        self.trace = f"{self.dir}/trace"
        os.makedirs(f"{self.www}/plain", exist_ok=True)
        if not os.path.exists(f"{self.dir}/plain.pack"):
            self.pack("plain", [])

    def pack(self, name, options):
        image = f"{self.www}/{name}/root.img"
        os.makedirs(os.path.dirname(image), exist_ok=True)
        text = output(self.farroot, "pack", *options, self.squashfs, "-o", image)
        with open(f"{self.dir}/{name}.pack", "w", encoding="ascii") as file:
            file.write(text)

    def version(self, package):
        """The version of a Debian package in the guest's initramfs."""
        with open(f"{self.base}/var/lib/dpkg/status", encoding="utf-8") as file:
            match = re.search(rf"^Package: {package}\n(?:.+\n)*?Version: (.*)$", file.read(), re.M)
        return match[1] if match else ""

    def roothash(self, name):
        with open(f"{self.dir}/{name}.pack", encoding="ascii") as file:
            return re.search(r"^roothash=([0-9a-f]{64})$", file.read(), re.M)[1]

    def image(self, name):
        return f"{self.www}/{name}/root.img"

    def need_profile(self):
        """Records the reads of a boot from a local disk."""
        if not os.path.exists(f"{self.dir}/local.log"):
            boot_local(self, f"{self.dir}/local.log", write_trace=True)
        if not os.path.exists(f"{self.www}/profile/root.img"):
            os.makedirs(f"{self.www}/profile", exist_ok=True)
            output(self.farroot, "profile", "record", f"--log={self.dir}/local.log",
                   "-o", f"{self.image('profile')}.profile", self.image("plain"))
            os.link(self.image("plain"), self.image("profile"))

    def write_trace(self, log, ready, first):
        """Writes the reads with their times since the network was up: START_US END_US OFFSET LENGTH."""
        begun, reads = {}, []
        pattern = re.compile(r"(\S+ \S+) connection=\d+ (\.\.\.)?Read id=(\d+)(?: offset=(\w+) count=(\w+))?")
        with open(log, encoding="ascii", errors="replace") as file:
            for match in filter(None, map(pattern.match, file)):
                at = datetime.datetime.strptime(match[1], "%Y-%m-%d %H:%M:%S.%f")
                at_us = max(0, (at - first) // datetime.timedelta(microseconds=1))
                if not match[2]:
                    begun[match[3]] = (at_us, int(match[4], 16), int(match[5], 16))
                elif match[3] in begun:
                    start, offset, length = begun.pop(match[3])
                    reads.append((start, at_us, offset, length))
        with open(f"{self.www}/plain/root.img", "rb") as image:
            total = os.fstat(image.fileno()).st_size // 4096
        with open(self.trace, "w", encoding="ascii") as file:
            file.write(f"# a boot from a local disk, {self.arch}: start_us end_us offset length\n"
                       f"# image_blocks={total}\n# roothash={self.roothash('plain')}\n"
                       f"# ready_us={(ready - first) // datetime.timedelta(microseconds=1)}\n")
            for read in sorted(reads):
                file.write(" ".join(map(str, read)) + "\n")

    def need_packed(self):
        self.need_profile()
        if os.path.exists(f"{self.dir}/packed.pack"):
            return
        # The files, not the blocks that many files share: see farroot pack --probe.
        # Two boots, because they differ a little.
        self.pack("probe", ["--probe"])
        lists = []
        for run in (1, 2):
            log = f"{self.dir}/probe.{run}.log"
            boot_local(self, log, "probe")
            output(self.farroot, "profile", "record", f"--log={log}", "-o", f"{log}.profile",
                   self.image("probe"))
            lists.append(output(self.farroot, "profile", "files", f"{log}.profile", self.image("probe")))
        with open(f"{self.dir}/boot.files", "w", encoding="utf-8", errors="surrogateescape") as file:
            file.write("\n".join(lists) + "\n")
        self.pack("packed", [f"--profile={self.dir}/boot.files"])

    def qemu(self, arguments, more):
        # The kernel records the reads that have ended, with the clock of /proc/uptime.
        # systemd logs to the kernel's log, because it shows no status any more once it has given the
        # console to the prompt before all units were started.
        return qemu_command(self.arch, "1536M", self.kernel, self.initrd,
                            "panic=1 trace_event=block:block_rq_complete trace_clock=boot trace_buf_size=2M "
                            f"systemd.log_target=kmsg printk.devkmsg=on {arguments}") + more


def lock():
    """Two benchmarks at the same time would disturb each other and use the same sockets."""
    os.makedirs(WORK, exist_ok=True)
    file = open(f"{WORK}/bench.lock", "w", encoding="ascii")
    try:
        fcntl.flock(file, fcntl.LOCK_EX | fcntl.LOCK_NB)
    except BlockingIOError:
        sys.exit("another benchmark is running")
    return file


def build(name, *packages):
    """Builds a program of this folder; returns its path."""
    program, source = f"{WORK}/{name}", f"{HERE}/{name}.c"
    if not os.path.exists(program) or os.path.getmtime(program) < os.path.getmtime(source):
        flags = output("pkg-config", "--cflags", "--libs", *packages).split() if packages else []
        subprocess.run(["cc", "-O2", "-Wall", "-Wextra", "-o", f"{program}.new", source, *flags], check=True)
        os.rename(f"{program}.new", program)
    return program


class Origin:
    """nginx in a network namespace, and a link to the guest.  The guest is a QEMU, with its arguments
    in network, or another namespace (client)."""

    def __init__(self, www, state, link, run=1, client=None):
        self.ns, self.client, self.state = f"bench{os.getpid()}", client, state
        shutil.rmtree(state, ignore_errors=True)
        os.makedirs(f"{state}/tmp")
        self.log = f"{state}/access.log"
        with open(f"{state}/nginx.conf", "w", encoding="ascii") as file:
            temps = "".join(f"{kind}_temp_path {state}/tmp;" for kind in
                            ("client_body", "proxy", "fastcgi", "uwsgi", "scgi"))
            file.write(f"daemon off; pid {state}/pid; user root; worker_processes 1;"
                       f"error_log {state}/error.log; events {{ worker_connections 256; }}"
                       "http { log_format bench '$msec $status $body_bytes_sent $bytes_sent $http_range';"
                       f"access_log {self.log} bench; {temps} keepalive_requests 100000;"
                       f"server {{ listen {ORIGIN}:80; root {www}; }} }}")
        self.make_namespace(self.ns, ORIGIN)
        if client:
            self.make_namespace(client, GUEST)
        # As on a server for clients with a long round trip; the default limit is 4 MB.
        self.inside("sysctl", "-q", "-w", "net.ipv4.tcp_wmem=4096 16384 33554432")
        self.nginx = subprocess.Popen(self.command("nginx", "-e", f"{state}/error.log", "-c",
                                                   f"{state}/nginx.conf"),
                                      env={**os.environ, "PATH": os.environ["PATH"] + ":/usr/sbin"})
        if client:
            self.emulator = subprocess.Popen(self.command(*link.emulator(f"tap:{client}:tap0", run)),
                                             stdout=subprocess.PIPE)
            return
        socket = f"{state}/link.sock"
        self.emulator = subprocess.Popen(self.command(*link.emulator(socket, run)), stdout=subprocess.PIPE)
        while not os.path.exists(socket):
            time.sleep(0.01)
        self.network = ["-netdev", f"stream,id=net,server=off,addr.type=unix,addr.path={socket}",
                        "-device", "virtio-net-pci,netdev=net,romfile="]

    @staticmethod
    def make_namespace(name, address):
        def ip(*command):
            subprocess.run(["ip", *command], check=True)
        ip("netns", "add", name)
        ip("-n", name, "link", "set", "lo", "up")
        ip("-n", name, "tuntap", "add", "tap0", "mode", "tap")
        ip("-n", name, "addr", "add", f"{address}/24", "dev", "tap0")
        ip("-n", name, "link", "set", "tap0", "up")
        # Packets of the size that a wire carries.
        for offload in ("gso", "tso", "gro"):
            quietly("ip", "netns", "exec", name, "ethtool", "-K", "tap0", offload, "off")

    def command(self, *command):
        return ["ip", "netns", "exec", self.ns, *command]

    def inside(self, *command):
        return subprocess.run(self.command(*command), check=True)

    def outage(self, begins):
        self.emulator.send_signal(signal.SIGUSR1 if begins else signal.SIGUSR2)

    def first_packet(self):
        """The time of time.monotonic() at which the guest, which must have sent a packet, sent its first."""
        return int(self.emulator.stdout.readline()) / 1e9

    def guest_trace(self):
        """The trace of the guest's kernel, from the unit that initramfs/scripts/init-bottom/bench-mark makes."""
        done = subprocess.run(self.command("socat", "-u", f"TCP:{GUEST}:{TRACE_PORT},connect-timeout=60", "-"),
                              stdout=subprocess.PIPE, text=True, timeout=300, check=False)
        if done.returncode or not done.stdout:
            say("there is no trace of this boot")
        return done.stdout

    def wire_bytes(self):
        return int(output(*self.command("cat", "/sys/class/net/tap0/statistics/tx_bytes")))

    def counts(self, until):
        """The bytes of bodies and the number of requests that had ended until then."""
        body = requests = 0
        with open(self.log, encoding="ascii", errors="replace") as file:
            for line in file:
                words = line.split()
                if float(words[0]) <= until:
                    body += int(words[2])
                    requests += 1
        return body, requests

    def stop(self):
        if self.nginx.poll() is None:
            self.nginx.terminate()
            self.nginx.wait()
        if self.emulator.poll() is None:
            self.emulator.terminate()
        self.emulator.wait()
        self.emulator.stdout.close()
        for name in filter(None, (self.ns, self.client)):
            quietly("ip", "netns", "del", name)


class Boot:
    """One machine, from power-on until it is ready.  The console gives the times."""

    def __init__(self, command, console):
        self.times, self.seen = {}, b""
        # When the guest's clock began, or up to 20 ms later: the console may be late, never early.
        self.guest_began_s = 0.0
        self.file = open(console, "wb")
        self.began, self.date = time.monotonic(), datetime.datetime.now()
        self.process = subprocess.Popen(command, stdin=subprocess.DEVNULL, stdout=subprocess.PIPE,
                                        stderr=self.file)
        os.set_blocking(self.process.stdout.fileno(), False)

    def elapsed(self):
        return time.monotonic() - self.began

    def step(self):
        """Reads the output of the console; False when the machine is off."""
        data = None
        try:
            data = os.read(self.process.stdout.fileno(), 65536)
        except BlockingIOError:
            pass
        if data:
            now = self.elapsed()
            self.file.write(data)
            self.file.flush()
            self.seen = self.seen[-4096:] + data
            for name, pattern in MARKS:
                match = pattern.search(self.seen) if name not in self.times else None
                if match:
                    self.times[name] = now
                if match and match.lastindex:
                    self.guest_began_s = now - float(match[1])
        elif data == b"" and self.process.poll() is not None:
            return False
        else:
            time.sleep(0.005)
        return True

    def cpu_s(self):
        """The CPU time of the virtual machine, which is more exact than its time if other programs run."""
        try:
            with open(f"/proc/{self.process.pid}/stat", encoding="ascii") as file:
                words = file.read().rpartition(")")[2].split()
        except FileNotFoundError:
            return 0.0  # it has crashed
        return (int(words[11]) + int(words[12])) / os.sysconf("SC_CLK_TCK")

    def ready_s(self):
        return max(self.times[mark] for mark in READY)

    def until_ready(self, on_step=None):
        while not all(mark in self.times for mark in READY):
            if not self.step() or self.elapsed() > TIME_LIMIT_S:
                return False
            if on_step:
                on_step(self)
        return True

    def stop(self):
        """May be called twice."""
        if self.process.poll() is None:
            self.process.terminate()
            self.process.wait()
        self.process.stdout.close()
        self.file.close()


def has_crashed(console):
    """QEMU's TCG sometimes crashes a starting kernel; such a boot is not a result."""
    with open(console, "rb") as file:
        return b"Kernel panic" in file.read()


def boot_local(machine, log, image="plain", write_trace=False):
    """Boots from a disk of this machine; log gets the reads.  Returns the parts of a row."""
    while True:
        row = try_local(machine, log, image, write_trace)
        if row:
            return row
        say(f"{machine.arch} local: the kernel crashed; trying again")


def results_of(boot, origin):
    """The parts of a row that each boot has; to be called at once when the boot is ready."""
    row = {"cpu_s": f"{boot.cpu_s():.1f}", "wire_bytes": origin.wire_bytes(), "load": os.getloadavg()[0]}
    for mark in ("network", "mounted", "switch_root", "login"):
        row[f"{mark}_s"] = f"{boot.times[mark]:.3f}" if mark in boot.times else ""
    row["ready_s"] = f"{boot.ready_s():.3f}"
    trace = origin.guest_trace()
    if trace:
        row["read_bytes"] = bytes_read(trace, boot.ready_s() - boot.guest_began_s)
        row["first_packet_s"] = f"{origin.first_packet() - boot.began:.3f}"
    return row


def try_local(machine, log, image, write_trace):
    socket, console = f"{machine.dir}/disk.sock", f"{machine.dir}/local.console"
    for name in (socket, f"{log}.new"):
        if os.path.exists(name):
            os.unlink(name)
    origin = Origin(machine.www, f"{machine.dir}/origin", Link("1000mbit-0ms"))
    server = subprocess.Popen(["nbdkit", "--foreground", "--readonly", f"--unix={socket}",
                               "--filter=log", "file", machine.image(image), f"logfile={log}.new"])
    boot = None
    try:
        while not os.path.exists(socket):
            if server.poll() is not None:
                sys.exit("nbdkit has ended")
            time.sleep(0.05)
        boot = Boot(machine.qemu(
            f"boot=farroot farroot=/dev/vda farroot.verify=none {ADDRESS}", [
                "-drive", f"file=nbd+unix:///?socket={socket},format=raw,if=none,id=image,readonly=on",
                # The limits of an nbd device, which determine the readahead.
                "-device", "virtio-blk-pci,drive=image,min_io_size=4096,opt_io_size=131072,"
                "logical_block_size=4096,physical_block_size=4096", *origin.network]), console)
        ok = boot.until_ready()
        now = datetime.datetime.now()
        row = results_of(boot, origin) if ok else None
        boot.stop()
    finally:
        if boot:
            boot.stop()
        origin.stop()
        server.terminate()
        server.wait()
    if not ok and has_crashed(console):
        return None
    if not ok:
        sys.exit(f"not ready from a local disk; see {console}")
    os.rename(f"{log}.new", log)
    if write_trace:
        machine.write_trace(log, now, boot.date + datetime.timedelta(seconds=boot.times["network"]))
    say(f"{machine.arch} local: ready after {row['ready_s']} s, {row['cpu_s']} s of CPU")
    return row


def commit(*parts):
    """The last commit that changed a measured part; the results themselves are in the tree, too."""
    parts = [f"{TOP}/{part}" for part in parts]
    name = output("git", "-C", TOP, "log", "-1", "--format=%h", "--", *parts)
    return name + ("-dirty" if output("git", "-C", TOP, "status", "--porcelain", "--", *parts) else "")


def emulation():
    """What emulates, on which processor."""
    with open("/proc/cpuinfo", encoding="ascii") as file:
        cpu = re.search(r"^model name\s*: (.*)$", file.read(), re.M)
    return {"qemu": output(f"{HERE}/qemu", "--version").split()[3], "cpu": cpu[1] if cpu else ""}


def versions(machine):
    with open(f"{machine.dir}/local.console", "rb") as file:
        kernel = re.search(rb"Linux version (\S+)", file.read())
    return {"commit": commit("nbd-plugin", "initramfs", "tests/boot/vm"), "kernel": kernel[1].decode() if kernel else "",
            "nbdkit": machine.version("nbdkit"), "curl": machine.version("curl"),
            "qemu_utils": machine.version("qemu-utils"), **emulation()}


def state_of(row):
    """The state that a row measures.  For farroot it is the commit; for the other stacks it is the
    versions of their programs."""
    if row["stack"].startswith(("farroot", "idle", "filling")):
        return row["commit"]
    return " ".join(row[key] for key in ("kernel", "nbdkit", "curl", "qemu_utils", "cpu"))


def latest(rows):
    """The rows of the latest state of each stack, on each link and each architecture."""
    states = {(row.get("arch"), row["link"], row["stack"]): state_of(row) for row in rows}
    return [row for row in rows if state_of(row) == states[row.get("arch"), row["link"], row["stack"]]]


def rows_of(path):
    if not os.path.exists(path):
        return []
    with open(path, encoding="utf-8", newline="") as file:
        return list(csv.DictReader(file))


def median(rows, key):
    return statistics.median(float(row[key]) for row in rows)


def add_row(path, fields, row):
    is_new = not os.path.exists(path)
    os.makedirs(os.path.dirname(os.path.abspath(path)), exist_ok=True)
    with open(path, "a", encoding="utf-8", newline="") as file:
        writer = csv.DictWriter(file, fields, lineterminator="\n")
        if is_new:
            writer.writeheader()
        writer.writerow(row)


def put_between_marks(path, name, text):
    """Replaces what is between the lines <!-- NAME --> and <!-- end of NAME --> of a document."""
    with open(path, encoding="utf-8") as file:
        before, rest = file.read().split(f"<!-- {name} -->\n", 1)
    after = rest.split(f"<!-- end of {name} -->\n", 1)[1]
    with open(path, "w", encoding="utf-8") as file:
        file.write(f"{before}<!-- {name} -->\n{text}\n<!-- end of {name} -->\n{after}")
