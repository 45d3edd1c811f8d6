#!/usr/bin/python
# -*- coding: utf-8 -*-
# SPDX-License-Identifier: MIT
# Copyright (c) 2026 The rpi-rescue-netboot authors
"""Runs farroot-image, and tells what it changed: in check mode, too."""
from __future__ import absolute_import, division, print_function

__metaclass__ = type

DOCUMENTATION = r"""
---
module: farroot_image
short_description: Build what a Raspberry Pi boots, by farroot-image
description:
  - Runs C(farroot-image rescue), C(farroot-image rootfs) or C(farroot-image boot).
  - The task has changed only if a file of the output has.
  - In check mode the first two commands explain what would be built. The boot files are made in a temporary folder and
    compared. Both fill the cache of packages.
  - boot.img is signed again only if something has changed.
version_added: 1.0.0
author:
  - The rpi-rescue-netboot authors (!UNKNOWN)
options:
  command:
    description: What to build.
    type: str
    required: true
    choices: [rescue, rootfs, boot]
  site:
    description: The folder of the site.
    type: path
    required: true
  output:
    description: The folder for the result. The folder that it is in is made.
    type: path
    required: true
  additions:
    description:
      - Files that are added to the site for this run, by their path in the site. The folder of the site is not changed.
      - A file that the site has already is continued with these lines.
    type: dict
    default: {}
  site_groups:
    description: Groups of the site, as in its folder groups. The result is for their machines, and has what they add.
    type: list
    elements: str
    default: []
  source:
    description: For boot, the output of rescue or rootfs.
    type: path
  key:
    description: For boot, the private key that signs.
    type: path
  sign_program:
    description: For boot, a program that signs, for a key in hardware.
    type: str
  public_key:
    description: For boot, the public key in the EEPROM.
    type: path
  firmware:
    description: For boot, the folder with start4.elf and fixup4.dat.
    type: path
  prefix:
    description: For boot, the folder inside of the TFTP tree.
    type: str
  debs:
    description: The folder with the packages of this project.
    type: path
  mirror:
    description: Debian's archive.
    type: str
  security_mirror:
    description: The archive of Debian's security updates.
    type: str
  record:
    description: For rootfs, boot the image once in QEMU and pack it by what the boot reads.
    type: bool
    default: false
  cache:
    description: The folder for downloaded and installed packages.
    type: path
  program:
    description: The program farroot-image, if it is not in PATH.
    type: str
    default: farroot-image
attributes:
  check_mode:
    support: full
    description: Tells what would change.
  diff_mode:
    support: full
    description: Shows the inputs or the files that differ.
"""

EXAMPLES = r"""
- name: Build the rescue system
  farroot.rpi.farroot_image:
    command: rescue
    site: /srv/farroot/site
    output: /srv/farroot/rescue
"""

RETURN = r"""
messages:
  description: What farroot-image printed.
  type: list
  elements: str
  returned: always
"""

import hashlib
import os
import shutil
import tempfile

from ansible.module_utils.basic import AnsibleModule

# Option of the module: option of farroot-image.
OPTIONS = {
    "rescue": {"debs": "--debs", "mirror": "--mirror", "security_mirror": "--security-mirror"},
    "rootfs": {"debs": "--debs", "mirror": "--mirror", "security_mirror": "--security-mirror"},
    "boot": {
        "source": "--from",
        "key": "--key",
        "sign_program": "--sign",
        "public_key": "--public-key",
        "firmware": "--firmware",
        "prefix": "--prefix",
    },
}


def add_to_site(site, folder, additions):
    """Makes FOLDER: links to what is in SITE, and the additions, a dict of texts and dicts."""
    os.mkdir(folder, 0o755)
    names = set(os.listdir(site)) if os.path.isdir(site) else set()
    for name in names - set(additions):
        os.symlink(os.path.join(site, name), os.path.join(folder, name))
    for name, value in additions.items():
        old, new = os.path.join(site, name), os.path.join(folder, name)
        if isinstance(value, dict):
            add_to_site(old, new, value)
            continue
        text = ""
        if os.path.isfile(old):
            with open(old, encoding="utf-8") as stream:
                text = stream.read()
            if text and not text.endswith("\n"):
                text += "\n"
        with open(new, "w", encoding="utf-8") as stream:
            stream.write(text + value)


def nested(additions):
    """{"a/b": text} as {"a": {"b": text}}."""
    tree = {}
    for path, text in additions.items():
        parts = path.split("/")
        if "" in parts or "." in parts or ".." in parts:
            raise ValueError("additions: %s: must be a path inside of the site" % path)
        folder = tree
        for part in parts[:-1]:
            folder = folder.setdefault(part, {})
        folder[parts[-1]] = text
    return tree


def files_of(folder):
    """Lines "DIGEST  PATH" for each file below FOLDER."""
    lines = []
    for top, folders, names in os.walk(folder):
        folders.sort()
        for name in sorted(names):
            path = os.path.join(top, name)
            digest = hashlib.sha256()
            with open(path, "rb") as stream:
                for block in iter(lambda: stream.read(1 << 20), b""):
                    digest.update(block)
            lines.append("%s  %s\n" % (digest.hexdigest(), os.path.relpath(path, folder)))
    return "".join(lines)


class Builder(object):
    def __init__(self, module):
        self.module = module
        self.params = module.params
        self.command = self.params["command"]
        self.output = self.params["output"].rstrip("/")
        self.temporary = None
        self.messages = []

    def site(self):
        """The site, or links to it beside the additions."""
        site = os.path.abspath(self.params["site"])
        if not self.params["additions"]:
            return site
        if not os.path.isdir(site):
            self.module.fail_json(msg="%s: no such folder; a site is a folder with a site.conf" % site)
        folder = os.path.join(self.temporary, "site")
        try:
            add_to_site(site, folder, nested(self.params["additions"]))
        except (OSError, ValueError) as error:
            self.module.fail_json(msg="%s: cannot be added to: %s" % (site, error))
        return folder

    def run(self, output, *more):
        """farroot-image, with its messages about the site that the user knows."""
        site = self.site()
        argv = [self.params["program"], self.command, site, "-o", output] + list(more)
        for name, option in OPTIONS[self.command].items():
            if self.params[name]:
                argv += [option, self.params[name]]
        for group in self.params["site_groups"]:
            argv += ["--group", group]
        if self.command == "rootfs" and self.params["record"]:
            argv.append("--record")
        environment = {}
        if self.params["cache"]:
            environment["FARROOT_IMAGE_CACHE"] = self.params["cache"]
        status, out, err = self.module.run_command(argv, environ_update=environment)
        text = (out + err).replace(site, os.path.abspath(self.params["site"])).replace(output, self.output)
        self.messages = text.splitlines()
        if status != 0:
            errors = err.replace(site, os.path.abspath(self.params["site"])).replace(output, self.output).strip()
            self.module.fail_json(
                msg=errors or "farroot-image %s ended with status %d" % (self.command, status),
                rc=status,
                messages=self.messages,
            )

    def inputs(self):
        try:
            with open(os.path.join(self.output, "inputs"), encoding="utf-8") as stream:
                stat = os.fstat(stream.fileno())
                return (stat.st_ino, stat.st_ctime, stat.st_size), stream.read()
        except (IOError, OSError):
            return None, ""

    def build_system(self):
        """rescue and rootfs: OUT/inputs is replaced last, and only if anything has changed."""
        if self.module.check_mode:
            parent = os.path.dirname(self.output)
            # Without the folder in which the output is to be, farroot-image explains nothing.
            output = self.output if os.path.isdir(parent) else os.path.join(self.temporary, "out")
            self.run(output, "--explain")
            text = "\n".join(line for line in self.messages) + "\n"
            changed = "nothing would be rebuilt" not in text
            return changed, {"prepared": text if changed else ""}
        before, text_before = self.inputs()
        self.run(self.output)
        after, text_after = self.inputs()
        header = os.path.join(self.output, "inputs")
        return before != after, {
            "before": text_before, "after": text_after, "before_header": header, "after_header": header,
        }

    def build_boot(self):
        """boot: begins with hard links to the last output, which is kept without a change: no key signs again."""
        if os.path.isdir(self.output) and os.listdir(self.output):
            if not os.path.isfile(os.path.join(self.output, "card", "config.txt")):
                self.module.fail_json(
                    msg="%s: has files that farroot-image boot did not make; name a new folder, or empty it" % self.output
                )
        if self.module.check_mode and not os.path.isdir(self.params["source"] or ""):
            return True, {"prepared": "%s is not there yet, so all boot files are to be made\n" % self.params["source"]}
        if self.module.check_mode and self.params["key"] and not os.path.exists(self.params["key"]):
            return True, {"prepared": "%s is not there yet, so all boot files are to be made\n" % self.params["key"]}
        new = os.path.join(self.temporary, "out")
        if os.path.isfile(os.path.join(self.output, "inputs")):
            # farroot-image replaces files and never writes into one.
            shutil.copytree(self.output, new, symlinks=True, copy_function=os.link)
        self.run(new)
        text_before, text_after = files_of(self.output), files_of(new)
        changed = text_before != text_after
        if changed and not self.module.check_mode:
            old = os.path.join(self.temporary, "old")
            if os.path.isdir(self.output):
                os.rename(self.output, old)
            os.rename(new, self.output)
        return changed, {
            "before": text_before, "after": text_after, "before_header": self.output, "after_header": self.output,
        }

    def build(self):
        if self.module.check_mode and not os.path.isdir(self.params["site"]):
            return True, {"prepared": "%s is not there yet, so everything is to be done\n" % self.params["site"]}
        parent = os.path.dirname(os.path.abspath(self.output))
        if not self.module.check_mode and not os.path.isdir(parent):
            os.makedirs(parent, 0o755)
        # On the same file system, so that the result can be renamed.
        near = parent if self.command == "boot" and os.path.isdir(parent) else None
        self.temporary = tempfile.mkdtemp(prefix=".farroot-", dir=near)
        os.chmod(self.temporary, 0o755)
        try:
            return self.build_boot() if self.command == "boot" else self.build_system()
        finally:
            shutil.rmtree(self.temporary, ignore_errors=True)


def main():
    module = AnsibleModule(
        argument_spec=dict(
            command=dict(type="str", required=True, choices=["rescue", "rootfs", "boot"]),
            site=dict(type="path", required=True),
            output=dict(type="path", required=True),
            additions=dict(type="dict", default={}),
            site_groups=dict(type="list", elements="str", default=[]),
            source=dict(type="path"),
            key=dict(type="path", no_log=False),
            sign_program=dict(type="str"),
            public_key=dict(type="path", no_log=False),
            firmware=dict(type="path"),
            prefix=dict(type="str"),
            debs=dict(type="path"),
            mirror=dict(type="str"),
            security_mirror=dict(type="str"),
            record=dict(type="bool", default=False),
            cache=dict(type="path"),
            program=dict(type="str", default="farroot-image"),
        ),
        required_if=[("command", "boot", ("source",))],
        mutually_exclusive=[("key", "sign_program")],
        supports_check_mode=True,
    )
    if not module.get_bin_path(module.params["program"]):
        module.fail_json(
            msg="%s: no such program on this machine; install the package farroot-image (role farroot.rpi.tools)"
            % module.params["program"]
        )
    builder = Builder(module)
    changed, diff = builder.build()
    module.exit_json(changed=changed, diff=diff, messages=builder.messages)


if __name__ == "__main__":
    main()
