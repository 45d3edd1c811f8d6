#!/usr/bin/env python3
# SPDX-License-Identifier: MIT
# Copyright (c) 2026 The rpi-rescue-netboot authors
"""Which modules does a board's device tree ask for that an image does not have?

usage: board-modules.py MODULES_ALIAS IMAGE_MODULES UNNEEDED DTB...

MODULES_ALIAS is the kernel's modules.alias; IMAGE_MODULES lists the files of the image's modules, UNNEEDED
the modules that it can do without, with a reason after each.  Prints each module that is missing, and the
device that would wait for it; then ends with 1.  A module that is unneeded and that no board has is an
error, too.
"""
import re
import subprocess
import sys


def enabled_nodes(dtb):
    """(path, compatible strings) of each node that is on, as are those above it."""
    source = subprocess.run(["dtc", "-q", "-I", "dtb", "-O", "dts", dtb], check=True, stdout=subprocess.PIPE,
                            universal_newlines=True).stdout
    above = []
    for line in map(str.strip, source.splitlines()):
        if line.endswith("{"):
            above.append({"name": line[:-1].strip(" /"), "on": True, "compatible": []})
        elif line == "};":
            node = above.pop()
            if node["on"] and all(each["on"] for each in above):
                yield "/".join([each["name"] for each in above] + [node["name"]]), node["compatible"]
        elif above and line.startswith("status = ") and "disabled" in line:
            above[-1]["on"] = False
        elif above and line.startswith("compatible = "):
            above[-1]["compatible"] = [text for text in re.split(r'compatible = "|\\0|", "|";', line) if text]


def name_of(module):
    return re.sub(r"\.ko.*", "", module.rsplit("/", 1)[-1]).replace("-", "_")


def modules_of_devices(path):
    known = {}
    with open(path, encoding="ascii") as file:
        for line in file:
            words = line.split()
            if len(words) == 3 and words[0] == "alias" and words[1].startswith("of:N*T*C"):
                known.setdefault(words[1][len("of:N*T*C"):].split("C*")[0], set()).add(name_of(words[2]))
    return known


def words_of(path):
    with open(path, encoding="ascii") as file:
        return {name_of(line.split()[0]) for line in file if line.split() and not line.startswith("#")}


def main():
    aliases, present, unneeded = modules_of_devices(sys.argv[1]), words_of(sys.argv[2]), words_of(sys.argv[3])
    asked = {}
    for dtb in sys.argv[4:]:
        for path, compatible in enabled_nodes(dtb):
            for text in compatible:
                for module in aliases.get(text, ()):
                    asked.setdefault(module, f"{dtb.rsplit('/', 1)[-1]}: {path} ({text})")
    missing = sorted(set(asked) - present - unneeded)
    for module in missing:
        print(f"{module}: {asked[module]}")
    for module in sorted(unneeded - set(asked)):
        print(f"{module}: no board asks for it")
    if "genet" not in asked:
        sys.exit("board-modules.py: no board has Ethernet: the device trees were not read")
    sys.exit(1 if missing or unneeded - set(asked) else 0)


if __name__ == "__main__":
    main()
