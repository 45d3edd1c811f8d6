# -*- coding: utf-8 -*-
# SPDX-License-Identifier: MIT
# Copyright (c) 2026 The rpi-rescue-netboot authors
"""Changes settings in the configuration of a Raspberry Pi's boot loader (bootconf.txt).

Sections are filters: [all] counts everywhere, [0x12345678] on one machine, [none] nowhere.  [farroot] is
read by the rescue system alone, and all lines behind [config.txt] are for start4.elf.  The last value of
a setting counts.  All other lines stay as they are.
"""
from __future__ import absolute_import, division, print_function

__metaclass__ = type

import re

# What the boot loader does not read.
FOREIGN = ("farroot", "config.txt")
NOWHERE = "none"
SETTING = re.compile("([A-Za-z0-9_]+)=(.*)$")


def from_bytes(contents):
    """The text: memory that the firmware passes on ends with zeros."""
    text = contents.split(b"\0")[0].rstrip(b"\xff").decode("utf-8", "replace").replace("\r\n", "\n")
    return text if not text or text.endswith("\n") else text + "\n"


def sections(lines):
    """The section of each line; a header belongs to its own."""
    names, section, context = [], "all", "all"
    for line in lines:
        header = re.match(r"\[([^\]]*)\]", line)
        if header and section != "config.txt":
            section = header.group(1)
            # Filters of several kinds count together, until [all].
            context = section if section in ("all", NOWHERE) + FOREIGN else section + " and more"
        names.append(context)
    return names


def values(text):
    """{name: value} of what the boot loader reads, without conditions."""
    lines = text.splitlines()
    found = {}
    for line, section in zip(lines, sections(lines)):
        setting = SETTING.match(line)
        if setting and section == "all":
            found[setting.group(1)] = setting.group(2)
    return found


def merged(text, wanted, removed=()):
    """The text with these settings, in the same order where they are there already."""
    lines = text.splitlines()
    kept = []
    for line, section in zip(lines, sections(lines)):
        setting = SETTING.match(line)
        if not (setting and section not in FOREIGN and setting.group(1) in removed):
            kept.append(line)
    lines, added = kept, []
    for name in wanted:
        where = None
        for number, section in enumerate(sections(lines)):
            setting = SETTING.match(lines[number])
            if setting and setting.group(1) == name and section not in FOREIGN + (NOWHERE,):
                where = number if section == "all" else None
        line = "%s=%s" % (name, wanted[name])
        if where is None:
            added.append(line)
        else:
            lines[where] = line
    if added:
        add(lines, added)
    return "".join(line + "\n" for line in lines)


def add(lines, added):
    """Puts the lines where they count on each machine: before [config.txt], behind all other settings."""
    names = sections(lines)
    end = names.index("config.txt") if "config.txt" in names else len(lines)
    before = names[end - 1] if end else "all"
    while end and before == "all" and not lines[end - 1].strip():
        end -= 1
    if before != "all" or not end:
        added = ["[all]"] + added
    lines[end:end] = added


def shown(text):
    """The text for a log: [farroot] may have keys and passwords."""
    lines = text.splitlines()
    result = []
    for line, section in zip(lines, sections(lines)):
        if section == "farroot" and not line.startswith("[") and line.strip():
            line = re.sub("=.*", "=(not shown)", line) if "=" in line else "(not shown)"
        result.append(line + "\n")
    return "".join(result)
