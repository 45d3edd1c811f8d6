# SPDX-License-Identifier: MIT
# Copyright (c) 2026 The rpi-rescue-netboot authors
"""One run: reads the log, decides, saves, and then switches the links.

All that a batch of lines leads to is saved in one transaction together with the position in the log. The links are set after it, and
again at the begin of each run: after a crash, or when the disk was full, the next run makes them what the table says.
"""
import os
import re
import time

from farroot_fleet import beacon, decide, tree, weblog

BATCH = 2000
BOOT_PATH = re.compile(r"/devices/([0-9a-f]{8})/boot\.img\Z")
CLOCK_SETTLES = 3600
BEACON_PATH = "/fleet/challenge"
# rpiboot/1.0 (d03114; version:507b2360 ...
AGENT = re.compile(r"rpiboot/\S{1,20} \(([0-9a-f]{4,8}); version:([0-9a-f]{6,40})\b")


class Run:
    """Needs the lock of the store."""

    def __init__(self, config, store, keep=True):
        self.config, self.store, self.keep = config, store, keep
        self.now = time.time()
        self.versions = tree.Versions(config.root)
        self.news, self.dry_links = [], []

    def say(self, device, text):
        self.news.append((self.now, device, text))

    def load(self):
        self.devices = self.store.devices()
        self.rollout = self.store.get("rollout")
        self.adopt_inventory()
        self.adopt_groups()

    def adopt_inventory(self):
        wanted = {device["serial"]: device for device in self.config.devices}
        self.devices = {serial: row for serial, row in self.devices.items() if serial in wanted}
        for serial, entry in wanted.items():
            if serial not in self.devices:
                self.devices[serial] = self.store.new_device(serial, entry["name"], entry["group"])
            self.devices[serial].update(name=entry["name"], stage=entry["group"], has_key=int(bool(entry["host_keys"] or self.config.host_authorities)))
        for device in self.devices.values():
            if device["target"] not in self.versions:
                device.update(target=self.usual_version(), before="", failed=0)
            if device["before"] not in self.versions:
                device["before"] = ""

    def adopt_groups(self):
        rollout, groups = self.rollout, self.config.groups
        if not rollout or rollout["state"] != "running":
            return
        if rollout["version"] not in self.versions or rollout["goal"] not in groups:
            why = "the group %s is not in the inventory any more" % rollout["goal"] if rollout["version"] in self.versions \
                else "the version is not in %s/versions any more" % self.config.root
            decide.stop(list(self.devices.values()), rollout, why)
            self.say("", "the roll-out of version %s stops: %s" % (rollout["version"], why))
            return
        rollout["groups"] = groups[:groups.index(rollout["goal"]) + 1]
        rollout["reached"] = min(rollout["reached"], len(rollout["groups"]) - 1)

    def usual_version(self):
        """For a device that has none: what the last complete roll-out has brought, else what the channel has."""
        for version in (self.store.get("stable", ""), tree.channel_version(self.config.root, self.config.channel)):
            if version in self.versions:
                return version
        return ""

    def save(self):
        self.store.save_devices(self.devices)
        self.store.put("rollout", self.rollout)
        self.store.add_events(self.news)
        for _, device, text in self.news:
            print("%s%s" % (device + ": " if device else "", text), flush=True)
        self.news = []

    def step(self):
        for device, text in decide.step(list(self.devices.values()), self.rollout, self.now, self.config, self.is_timed()):
            self.say(device, text)
        if self.rollout and self.rollout["state"] == "done" and self.rollout["goal"] == self.config.groups[-1]:
            self.store.put("stable", self.rollout["version"])

    def is_timed(self):
        """False for an hour after the clock has jumped, or this program has not run: machines that run tell so within that time."""
        clock = self.store.get("clock", {"last": 0, "since": self.now})
        if not 0 <= self.now - clock["last"] < CLOCK_SETTLES:
            clock["since"] = self.now
        clock["last"] = self.now
        self.store.put("clock", clock)
        return self.now - clock["since"] >= CLOCK_SETTLES

    def set_links(self):
        """What the table says. Nothing if it was not kept."""
        if not self.keep:
            return
        rescue = tree.channel_version(self.config.root, self.config.rescue_channel)
        wanted = {}
        for serial, device in self.store.devices().items():
            wanted[serial] = rescue if device["rescue"] and rescue else device["target"]
            # Versions for the way back are kept by the role publish because a link leads to them.
            wanted[serial + ".previous"] = device["target"] if wanted[serial] != device["target"] else device["before"]
        tree.set_links(self.config.root, wanted)

    def change(self, action):
        """action(run) changes devices and the roll-out, in one transaction."""
        with self.store.transaction(self.keep):
            self.load()
            result = action(self)
            self.step()
            self.save()
        self.set_links()
        return result

    def update(self):
        self.set_links()
        self.renew_challenge()
        keys = {device["serial"]: device["host_keys"] for device in self.config.devices}
        verifier = beacon.Verifier(keys, self.config.state, self.config.host_authorities)
        try:
            more = True
            while more:
                with self.store.transaction():
                    self.load()
                    more = self.read_batch(verifier)
                    self.step()
                    self.save()
                self.set_links()
        finally:
            verifier.close()

    def renew_challenge(self):
        with self.store.transaction():
            self.challenges = beacon.Challenges(self.store.get("challenges", []))
            if self.challenges.renew(self.now):
                self.store.put("challenges", self.challenges.kept)
                self.store.forget_seen(self.challenges.oldest())
        tree.write_file(os.path.join(self.config.root, "fleet", "challenge"), self.challenges.text())

    def read_batch(self, verifier):
        lines, position, more, lost = weblog.read(self.config.log, self.store.get("position"), BATCH)
        counts = self.store.get("counts", {"garbage": 0, "refused": 0, "lost": 0})
        if lost:
            counts["lost"] += 1
            self.say("", "%s: lines are missing between this run and the one before; is the log kept for longer than the time between them?"
                     % self.config.log)
        for line in lines:
            request = weblog.parse(line)
            if request is None:
                counts["garbage"] += 1
            elif request.path == BEACON_PATH and request.query and request.status == 200:
                counts["refused"] += not self.take_beacon(request, verifier)
            else:
                self.take_boot(request)
        self.store.put("counts", counts)
        self.store.put("position", position)
        return more

    def take_boot(self, request):
        match = BOOT_PATH.match(request.path)
        device = self.devices.get(match.group(1)) if match else None
        # A cache of a site asks which version it is (HEAD), or if it has changed (304), and fetches ranges (206), which are no boot.
        if device is None or request.method not in ("GET", "HEAD") or request.status not in (200, 304):
            return
        version = self.versions.of_etag(request.etag, device["target"])
        # A request that has broken off was no boot.
        if request.method == "GET" and request.status == 200 and version and request.sent < self.versions.sizes[version]:
            return
        agent = AGENT.match(request.agent)
        if agent:
            device["board"], device["loader"] = agent.groups()
        device["address"] = request.address[:60]
        failed = device["failed"]
        decide.on_boot(device, version, request.time, self.config.same_boot_seconds)
        if device["failed"] > failed:
            self.say(device["name"], device["fault"])

    def take_beacon(self, request, verifier):
        fields, why = verifier.check(request.query, self.challenges, self.store, self.devices.get)
        if why:
            self.store.put("last_refused", {"time": request.time, "address": request.address[:60], "why": why})
            return False
        device = self.devices[fields["device"]]
        healthy = device["healthy_version"]
        decide.on_beacon(device, fields, request.time, self.versions.of_roothash)
        if device["healthy_version"] != healthy:
            self.say(device["name"], "is healthy with version %s" % device["healthy_version"])
        return True
