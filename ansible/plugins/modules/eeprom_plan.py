#!/usr/bin/python
# -*- coding: utf-8 -*-
# SPDX-License-Identifier: MIT
# Copyright (c) 2026 The rpi-rescue-netboot authors
"""Compares what an EEPROM has with what it is to have, and makes its new image, by farroot-image."""
from __future__ import absolute_import, division, print_function

__metaclass__ = type

DOCUMENTATION = r"""
---
module: eeprom_plan
short_description: Make the new image of an EEPROM, if it is to change
description:
  - Changes settings in the configuration of the boot loader and keeps all others.
  - Has farroot-image check the result for what leaves a remote machine unreachable, and for versions of the boot loader that
    must not be used.
  - Makes the new image with farroot-image, which calls rpi-eeprom-config. The public key in the EEPROM stays, unless
    C(replace_key) is true.
  - Writes only into C(folder). The configuration may have secrets, so use C(no_log), and then look at the returned C(problem).
version_added: 1.0.0
author:
  - The rpi-rescue-netboot authors (!UNKNOWN)
options:
  info:
    description: What eeprom_info returned.
    type: dict
    required: true
  folder:
    description: A folder for the files, which only this user can read.
    type: path
    required: true
  chip:
    description: The contents of the EEPROM, as eeprom_info read them by flashrom.
    type: path
  image:
    description: The image of Raspberry Pi with another version of the boot loader, such as pieeprom-2026-05-17.bin.
    type: path
  public_key:
    description: The public key that the EEPROM is to have.
    type: path
  replace_key:
    description: Put C(public_key) also into an EEPROM that has another key, or that does not show which key it has.
    type: bool
    default: false
  ca_cert:
    description: The certificate of a CA in DER form that the EEPROM is to have.
    type: path
  settings:
    description: Settings of the boot loader.
    type: dict
    default: {}
  removed:
    description: Names of settings to remove.
    type: list
    elements: str
    default: []
  allow_older:
    description: Also write an older version of the boot loader than the machine has.
    type: bool
    default: false
  program:
    description: The program farroot-image, if it is not in PATH.
    type: str
    default: farroot-image
attributes:
  check_mode:
    support: full
    description: Does the same, since nothing of the machine is changed.
  diff_mode:
    support: none
    description: Returns the texts for the one of eeprom_write.
"""

EXAMPLES = r"""
- name: Compare
  farroot.rpi.eeprom_plan:
    info: "{{ eeprom }}"
    folder: /root/eeprom
    chip: /root/eeprom/chip.bin
    settings:
      BOOT_ORDER: "0xf217"
  register: plan
  no_log: true
"""

RETURN = r"""
problem:
  description: Why nothing may be written, or an empty string.
  type: str
  returned: always
notes:
  description: What is to be known, but is no problem.
  type: list
  elements: str
  returned: always
differs:
  description: The EEPROM is to change.
  type: bool
  returned: always
image:
  description: The new image, in C(folder).
  type: str
  returned: always
before:
  description: What the EEPROM has, without secrets.
  type: str
  returned: always
after:
  description: What it is to have, without secrets.
  type: str
  returned: always
config:
  description: The new configuration.
  type: str
  returned: always
timestamp:
  description: The version of the boot loader in the new image, in seconds since 1970.
  type: int
  returned: always
fingerprint:
  description: The SHA-256 of the public key in the new image, or an empty string.
  type: str
  returned: always
"""

import hashlib
import os
import struct
import time

from ansible.module_utils.basic import AnsibleModule
from ansible_collections.farroot.rpi.plugins.module_utils import eeprom_format as image_format
from ansible_collections.farroot.rpi.plugins.module_utils import eeprom_settings as settings


class Problem(Exception):
    pass


def read(path, what):
    try:
        with open(path, "rb") as stream:
            return stream.read()
    except (IOError, OSError) as error:
        raise Problem("%s: %s: %s" % (what, path, error.strerror))


class Image(object):
    """What a file has, or nothing if there is no file."""

    def __init__(self, path, what):
        self.path = path
        self.contents = read(path, what) if path else b""
        self.files = {}
        if path:
            try:
                self.files = image_format.files_of(self.contents)
            except image_format.BadImage as error:
                raise Problem("%s: %s: %s" % (what, path, error))
        self.key = image_format.key_in(self.files.get("pubkey.bin", b""))
        certificate = self.files.get("cacert.der", b"")
        self.certificate = b"" if image_format.is_empty(certificate) else certificate
        self.timestamp = image_format.timestamp_of(self.contents)


def certificate_of(contents):
    """A DER file knows its length; a section may be longer."""
    if contents[:2] == b"\x30\x82":
        return contents[:4 + struct.unpack(">H", contents[2:4])[0]]
    return contents


class Plan(object):
    def __init__(self, module):
        self.module = module
        self.params = module.params
        self.info = module.params["info"]
        self.notes = []
        self.chip = Image(self.params["chip"], "the EEPROM")
        self.base = Image(self.params["image"], "eeprom_image")
        self.config = settings.merged(self.info["config"], self.params["settings"], self.params["removed"])
        self.timestamp = self.base.timestamp or self.info["timestamp"]
        self.decide_key()
        self.decide_certificate()

    def decide_key(self):
        """self.key is the key for the new image; self.other_key says that it is not the one that is there."""
        known, self.current = self.info["key_known"], ""
        if self.info["key"]:
            self.current = image_format.key_from_pem(self.info["key"])
        there = image_format.fingerprint(self.current) if self.current else self.info["fingerprint"]
        wanted, source = self.base.key, "eeprom_image: %s: its public key" % self.base.path
        if self.params["public_key"]:
            source = "eeprom_public_key: " + self.params["public_key"]
            try:
                wanted = image_format.key_from_pem(read(self.params["public_key"], "eeprom_public_key").decode("utf-8", "replace"))
            except ValueError as error:
                raise Problem("%s: %s" % (source, error))
        self.there = (there or "none") if known else "not known"
        self.key = wanted or self.current
        self.after_key = image_format.fingerprint(self.key) if self.key else self.there
        self.other_key = bool(wanted) and self.after_key != there
        self.known = known
        if self.other_key and there and not self.params["replace_key"]:
            raise Problem(
                "%s: is not the key in the EEPROM (SHA-256 %s), and a boot.img that is signed with the old key does not start any more "
                "with another one; set eeprom_replace_public_key: true if this is what you want" % (source, there)
            )
        if self.other_key and not known and not self.params["replace_key"]:
            # That alone is no reason to write.
            self.other_key = False
            self.notes.append("the machine does not show which public key its EEPROM has, so it was not compared with yours")

    def decide_certificate(self):
        there = certificate_of(self.chip.certificate)
        wanted = read(self.params["ca_cert"], "eeprom_ca_cert") if self.params["ca_cert"] else b""
        self.certificate = wanted or there
        # Without flashrom it cannot be read: its hash in the configuration says which one it is.
        known = settings.values(self.info["config"]).get("HTTP_CACERT_HASH") == hashlib.sha256(wanted).hexdigest()
        self.other_certificate = bool(wanted) and (wanted != there if self.chip.path else not known)

    def differs(self):
        return (
            self.config.strip() != self.info["config"].strip() or self.timestamp != self.info["timestamp"]
            or self.other_key or self.other_certificate
        )

    def check(self):
        """What must not be written, or must not stay."""
        path = os.path.join(self.params["folder"], "boot.conf")
        write(path, self.config.encode("utf-8"))
        self.run("--check", path, "--eeprom-version", image_format.date_of(self.timestamp))
        if not self.differs():
            return
        if self.timestamp < self.info["timestamp"] and not self.params["allow_older"]:
            raise Problem(
                "eeprom_image: %s: is of %s, and the machine has a newer boot loader, of %s; name a newer image, or set eeprom_allow_older: true"
                % (self.base.path, image_format.date_of(self.timestamp), image_format.date_of(self.info["timestamp"]))
            )
        if self.info["signed"]:
            raise Problem("the configuration in the EEPROM is signed (secure boot), and with another one the machine does not start: it is not changed")
        if not self.base.path and not self.chip.path:
            raise Problem(
                "eeprom_image is not set: without flashrom the EEPROM cannot be read, so the new image begins with one of Raspberry Pi; "
                "the machine has version %s" % image_format.date_of(self.info["timestamp"])
            )
        if not self.known and not self.params["replace_key"]:
            raise Problem(
                "the machine does not show which public key its EEPROM has, and the new image replaces it: set eeprom_public_key to the key that the "
                "EEPROM is to have, and eeprom_replace_public_key: true"
            )
        if not self.key and self.there not in ("none", "not known"):
            raise Problem(
                "the EEPROM has the public key with SHA-256 %s, which the machine does not show, and the new image would be without it: set "
                "eeprom_public_key to this key" % self.there
            )

    def make(self):
        """The new image: all that is not to change is as it was."""
        folder = self.params["folder"]
        # The same version: all of the chip stays.
        keep = self.chip.path and self.timestamp == self.chip.timestamp
        base, new = self.chip if keep or not self.base.path else self.base, os.path.join(folder, "new.bin")
        argv = ["--config", os.path.join(folder, "boot.conf"), "--base", base.path, "-o", new]
        if self.key and self.key != base.key:
            write(os.path.join(folder, "public.pem"), image_format.key_to_pem(self.key).encode("ascii"))
            argv += ["--public-key", os.path.join(folder, "public.pem")]
        if self.certificate and self.certificate != certificate_of(base.certificate):
            write(os.path.join(folder, "ca.der"), self.certificate)
            argv += ["--ca-cert", os.path.join(folder, "ca.der")]
        if self.info["minimum"]:
            argv += ["--min-boot-ver", self.info["minimum"]]
        self.run(*argv)
        if self.info["way"] == "flashrom":
            self.stamp(new)
        os.chmod(new, 0o600)
        result = Image(new, "the new image")
        if result.key != self.key or settings.from_bytes(result.files["bootconf.txt"]) != self.config:
            raise Problem("the new image does not have the key and the configuration that it is to have; nothing is written")
        return new

    def stamp(self, path):
        """The time of the update: the boot loader takes an image from a server or disk only if that is newer."""
        argv = ["rpi-eeprom-config", "--timestamp", str(int(time.time())), "--out", path + ".stamped", path]
        status, out, err = self.module.run_command(argv)
        if status != 0:
            raise Problem("rpi-eeprom-config --timestamp failed: %s; take a newer one, of 2024 or later" % (err or out).strip().split("\n")[-1])
        os.rename(path + ".stamped", path)

    def run(self, *argv):
        """farroot-image eeprom: its notes are kept, its last message says what is wrong."""
        status, out, err = self.module.run_command([self.params["program"], "eeprom"] + list(argv))
        own = os.path.join(self.params["folder"], "boot.conf")
        lines = [
            line.replace("farroot-image: ", "", 1).replace(own, "the new configuration").replace(self.params["folder"] + "/", "")
            for line in err.splitlines()
        ]
        for line in lines:
            if "note: " in line and line not in self.notes:
                self.notes.append(line)
        if status != 0:
            errors = [line for line in lines if "note: " not in line]
            raise Problem("; ".join(errors) or "farroot-image eeprom ended with status %d" % status)

    def shown(self, config, timestamp, key):
        return "version: %s\npublic key: %s\n%s" % (image_format.date_of(timestamp), key, settings.shown(config))


def write(path, contents):
    with os.fdopen(os.open(path, os.O_WRONLY | os.O_CREAT | os.O_TRUNC, 0o600), "wb") as stream:
        stream.write(contents)


def decide(module, result):
    plan = Plan(module)
    result["notes"] = plan.notes
    plan.check()
    result.update(
        differs=plan.differs(),
        config=plan.config,
        timestamp=plan.timestamp,
        version=image_format.date_of(plan.timestamp),
        fingerprint="" if plan.after_key in ("none", "not known") else plan.after_key,
        before=plan.shown(module.params["info"]["config"], module.params["info"]["timestamp"], plan.there),
        after=plan.shown(plan.config, plan.timestamp, plan.after_key if plan.differs() else plan.there),
    )
    if plan.other_certificate:
        result["after"] += "CA certificate: SHA-256 %s\n" % hashlib.sha256(plan.certificate).hexdigest()
    if plan.differs():
        result["image"] = plan.make()


def main():
    module = AnsibleModule(
        argument_spec=dict(
            info=dict(type="dict", required=True),
            folder=dict(type="path", required=True),
            chip=dict(type="path"),
            image=dict(type="path"),
            public_key=dict(type="path", no_log=False),
            replace_key=dict(type="bool", default=False, no_log=False),
            ca_cert=dict(type="path"),
            settings=dict(type="dict", default={}),
            removed=dict(type="list", elements="str", default=[]),
            allow_older=dict(type="bool", default=False),
            program=dict(type="str", default="farroot-image"),
        ),
        supports_check_mode=True,
    )
    result = dict(
        changed=False, problem="", notes=[], differs=False, image="", before="", after="", config="", timestamp=0, version="", fingerprint="",
    )
    try:
        if not module.get_bin_path(module.params["program"]):
            raise Problem("%s: no such program on the controller; install the package farroot-image" % module.params["program"])
        decide(module, result)
    except Problem as error:
        result["problem"] = str(error)
    # Under no_log a failure of the module has no message.
    except Exception as error:
        result["problem"] = "the new image cannot be made: %s: %s" % (type(error).__name__, error)
    module.exit_json(**result)


if __name__ == "__main__":
    main()
