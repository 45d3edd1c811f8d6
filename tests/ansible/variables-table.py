# SPDX-License-Identifier: MIT
# Copyright (c) 2026 The rpi-rescue-netboot authors
#
# Writes the table of the roles' variables into a page, or checks that it is up to date and
# that argument_specs.yml has the defaults of defaults/main.yml.
# usage: variables-table.py COLLECTION PAGE [--write]
import json
import os
import sys

import yaml

BEGIN = "<!-- variables: made by tests/ansible/variables-table.py --write -->\n"
END = "<!-- end of variables -->\n"
ORDER = ["tools", "keys", "site", "rescue", "rootfs", "boot", "publish", "netboot", "site_cache", "fleet", "device", "rendezvous", "eeprom"]


def read(path):
    with open(path, encoding="utf-8") as stream:
        return yaml.safe_load(stream)


def wrong(text):
    print(text, file=sys.stderr)
    wrong.count += 1


wrong.count = 0


def shown(option):
    """The default, as YAML has it in one line."""
    if option.get("required"):
        return "required"
    value = option.get("default")
    return "`" + (value if isinstance(value, str) and value else json.dumps(value)) + "`"


def rows(options, prefix=""):
    for name, option in options.items():
        text = " ".join(option["description"].split()).replace("|", "\\|")
        if "choices" in option:
            text += " One of " + ", ".join("`%s`" % choice for choice in option["choices"]) + "."
        kind = option["type"] + (" of " + option["elements"] if "elements" in option else "")
        default = shown(option) if "default" in option or option.get("required") else ""
        yield "| `%s%s` | %s | %s | %s |\n" % (prefix, name, kind, default, text)
        yield from rows(option.get("options", {}), prefix + name + ".")


def section(collection, role):
    specs = read(os.path.join(collection, "roles", role, "meta", "argument_specs.yml"))["argument_specs"]
    defaults = read(os.path.join(collection, "roles", role, "defaults", "main.yml")) or {}
    lines, known = [], set()
    for entry, spec in specs.items():
        title = "farroot.rpi." + role + ("" if entry == "main" else ", tasks_from: " + entry)
        lines += ["### " + title + "\n", "\n", spec["short_description"] + ".\n", "\n"]
        lines += ["| variable | type | default | meaning |\n", "| --- | --- | --- | --- |\n"]
        lines += list(rows(spec["options"])) + ["\n"]
        for name, option in spec["options"].items():
            known.add(name)
            if not name.startswith(role + "_"):
                wrong("%s: %s: must begin with %s_" % (role, name, role))
            if option.get("required"):
                continue
            if name not in defaults:
                wrong("%s: %s: has no default in defaults/main.yml" % (role, name))
            elif option.get("default") != defaults[name]:
                wrong("%s: %s: the default is %r, and in argument_specs.yml %r" % (role, name, defaults[name], option.get("default")))
    for name in set(defaults) - known:
        wrong("%s: %s: is not in argument_specs.yml" % (role, name))
    return lines


def main():
    collection, page = sys.argv[1:3]
    found = sorted(os.listdir(os.path.join(collection, "roles")))
    if sorted(ORDER) != found:
        wrong("roles: %s, and in this program %s" % (found, sorted(ORDER)))
    table = [BEGIN, "\n"]
    for role in ORDER:
        table += section(collection, role)
    table = "".join(table) + END
    with open(page, encoding="utf-8") as stream:
        text = stream.read()
    if BEGIN not in text or END not in text:
        sys.exit("%s: has no lines for the table" % page)
    new = text[:text.index(BEGIN)] + table + text[text.index(END) + len(END):]
    if "--write" in sys.argv:
        with open(page, "w", encoding="utf-8") as stream:
            stream.write(new)
    elif new != text:
        wrong("%s: the table of variables is not up to date" % page)
    sys.exit(1 if wrong.count else 0)


main()
