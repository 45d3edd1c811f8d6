# SPDX-License-Identifier: MIT
# Copyright (c) 2026 The rpi-rescue-netboot authors
"""The folder that the web server shows, as the role publish makes it: versions, channels, and a link for each device."""
import os
import re

VERSION = re.compile(r"[0-9a-f]{16}\Z")
SERIAL = re.compile(r"[0-9a-f]{8}\Z")


class Versions:
    """The versions that are complete."""

    def __init__(self, root):
        self.boot_images, self.roothashes, self.etags, self.sizes = {}, {}, {}, {}
        folder = os.path.join(root, "versions")
        names = os.listdir(folder) if os.path.isdir(folder) else []
        for name in sorted(names):
            boot = os.path.join(folder, name, "boot.img")
            if not VERSION.match(name) or not os.path.isfile(os.path.join(folder, name, "boot.sig")) or not os.path.isfile(boot):
                continue
            stat = os.stat(boot)
            self.sizes[name] = stat.st_size
            # As nginx makes it: seconds and bytes.
            self.etags.setdefault('"%x-%x"' % (int(stat.st_mtime), stat.st_size), []).append(name)
            self.roothashes[name] = first_line(os.path.join(folder, name, "roothash"))

    def __contains__(self, name):
        return name in self.sizes

    def of_etag(self, etag, preferred):
        """The version of a boot.img that nginx has sent; "" if it is none, or may be one of several."""
        names = self.etags.get(etag, [])
        if preferred in names:
            return preferred
        return names[0] if len(names) == 1 else ""

    def of_roothash(self, roothash, preferred):
        """The version whose image a machine runs: the first of preferred that has it, else any."""
        for name in preferred:
            if name in self.roothashes and self.roothashes[name] == roothash:
                return name
        names = [name for name, value in self.roothashes.items() if value == roothash]
        return names[0] if len(names) == 1 else ""


def first_line(path):
    try:
        with open(path, encoding="ascii", errors="replace") as stream:
            return stream.readline(200).strip()
    except OSError:
        return ""


def link_version(path):
    """The version that a link leads to, or ""."""
    try:
        folder, name = os.path.split(os.readlink(path).rstrip("/"))
    except OSError:
        return ""
    return name if os.path.basename(folder) == "versions" and VERSION.match(name) else ""


def channel_version(root, channel):
    return link_version(os.path.join(root, channel))


def set_link(path, target):
    """Atomic: a machine gets what was there, or what is there now. True if it has changed."""
    try:
        if os.readlink(path) == target:
            return False
    except OSError:
        pass
    folder, name = os.path.split(path)
    new = os.path.join(folder, "." + name + ".new")
    if os.path.lexists(new):
        os.unlink(new)
    os.symlink(target, new)
    os.rename(new, path)
    return True


def set_links(root, wanted):
    """wanted: {name: version}, for devices/NAME. Links with other names of ours are removed.

    Returns [(name, old version, new version)].
    """
    folder = os.path.join(root, "devices")
    os.makedirs(folder, 0o755, exist_ok=True)
    changes = []
    for name, version in wanted.items():
        path = os.path.join(folder, name)
        old = link_version(path)
        if version and set_link(path, "../versions/" + version):
            changes.append((name, old, version))
    for name in os.listdir(folder):
        path = os.path.join(folder, name)
        ours = SERIAL.match(name.split(".")[0]) or (name.startswith(".") and name.endswith(".new"))
        if ours and os.path.islink(path) and not wanted.get(name):
            old = link_version(path)
            os.unlink(path)
            if not name.startswith("."):
                changes.append((name, old, ""))
    if changes:
        sync_folder(folder)
    return changes


def sync_folder(path):
    descriptor = os.open(path, os.O_RDONLY | os.O_DIRECTORY)
    try:
        os.fsync(descriptor)
    finally:
        os.close(descriptor)


def write_file(path, text, mode=0o644):
    """Whole or not at all, and only if it differs."""
    try:
        with open(path, encoding="utf-8") as stream:
            if stream.read() == text:
                return False
    except (OSError, ValueError):
        pass
    os.makedirs(os.path.dirname(path), 0o755, exist_ok=True)
    new = path + ".new"
    if os.path.lexists(new):
        os.unlink(new)
    descriptor = os.open(new, os.O_WRONLY | os.O_CREAT | os.O_EXCL | os.O_CLOEXEC, mode)
    with os.fdopen(descriptor, "w", encoding="utf-8") as stream:
        stream.write(text)
        stream.flush()
        os.fsync(stream.fileno())
    os.rename(new, path)
    return True
