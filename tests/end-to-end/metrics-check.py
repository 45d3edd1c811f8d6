#!/usr/bin/python3
# SPDX-License-Identifier: MIT
# Copyright (c) 2026 The rpi-rescue-netboot authors
#
# Checks metrics on standard input: the text format of Prometheus, version 0.0.4, and the rules for
# names. Exits with 1 and a message at the first line that is wrong.
import math
import re
import sys

NAME = re.compile(r"farroot_[a-z]+(_[a-z]+)*")
LABEL = re.compile(r'([a-z]+)="((?:[^"\\\n]|\\[\\"n])*)"(,|$)')
SAMPLE = re.compile(r"([a-z_]+)(?:\{(.*)\})? (\S+)")
NOT_BASE_UNITS = {"ms", "us", "milliseconds", "minutes", "hours", "kib", "mib", "kilobytes", "megabytes", "percent"}
PARTS = ("_bucket", "_sum", "_count")


def wrong(text):
    sys.exit(f"line {number}: {text}: {line}")


def labels_of(text):
    labels = {}
    while text:
        match = LABEL.match(text)
        if not match or match[1] in labels:
            wrong("labels")
        labels[match[1]] = match[2]
        text = text[match.end():]
    return labels


def check_name(name, kind, helps):
    words = name.split("_")
    if not NAME.fullmatch(name) or NOT_BASE_UNITS & set(words):
        wrong("name")
    if (words[-1] == "total") != (kind == "counter") or name.endswith(PARTS):
        wrong("ending of the name")
    if kind not in ("counter", "gauge", "histogram"):
        wrong("type")
    if not helps.endswith("."):
        wrong("help")


def check_histogram(samples):
    """Buckets of one set of labels after the other: each with its sum and its count."""
    series = {}
    for name, labels, value in samples:
        labels = dict(labels)
        bound = labels.pop("le", None)
        series.setdefault(tuple(labels.items()), []).append((name.rsplit("_", 1)[1], bound, value))
    for labels, entries in series.items():
        *buckets, last, total, count = entries
        if [total[0], count[0]] != ["sum", "count"] or {b[0] for b in buckets} != {"bucket"}:
            wrong(f"the series of {labels}")
        if last[:2] != ("bucket", "+Inf") or last[2] != count[2]:
            wrong(f"+Inf and the count of {labels}")
        bounds = [float(b[1]) for b in buckets]
        values = [b[2] for b in buckets + [last]]
        if bounds != sorted(set(bounds)) or values != sorted(values):
            wrong(f"the buckets of {labels} do not rise")


def check_family(name, kind, samples):
    if kind == "histogram":
        check_histogram(samples)
    if name == "farroot_state" and sorted(s[2] for s in samples) != [0] * (len(samples) - 1) + [1]:
        wrong("there is not one state")


families, series = set(), set()
family = kind = helps = None
samples = []
text = sys.stdin.read()
number, line = 0, ""
if not text.endswith("\n"):
    wrong("no newline at the end")
for number, line in enumerate(text.splitlines(), 1):
    words = line.split(" ", 3)
    if words[:2] == ["#", "HELP"]:
        if family:
            check_family(family, kind, samples)
        family, kind, helps, samples = words[2], None, words[3], []
        if family in families:
            wrong("a metric for the second time")
        families.add(family)
        continue
    if words[:2] == ["#", "TYPE"]:
        if words[2] != family or kind:
            wrong("TYPE without HELP")
        kind = words[3]
        check_name(family, kind, helps)
        continue
    match = SAMPLE.fullmatch(line)
    if not match or not kind:
        wrong("no sample, or one without TYPE")
    endings = PARTS if kind == "histogram" else ("",)
    if match[1] not in [family + ending for ending in endings]:
        wrong("a sample of another metric")
    labels = labels_of(match[2] or "")
    identity = match[1], tuple(sorted(labels.items()))
    if identity in series:
        wrong("a series for the second time")
    series.add(identity)
    value = float(match[3])
    if not math.isfinite(value) or value < 0:
        wrong("value")
    samples.append((match[1], labels, value))
if family is None:
    wrong("no metrics")
check_family(family, kind, samples)
