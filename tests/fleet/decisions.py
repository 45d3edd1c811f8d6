# SPDX-License-Identifier: MIT
# Copyright (c) 2026 The rpi-rescue-netboot authors
#
# usage: decisions.py FOLDER, with the ssh keys barn and field
import base64
import contextlib
import gzip
import io
import json
import os
import shutil
import sqlite3
import subprocess
import sys
import tempfile
import unittest
from unittest import mock

from farroot_fleet import beacon, commands, config, show, store, tree, weblog, work

FOLDER = sys.argv.pop(1)
V1, V2, V3 = "1" * 16, "2" * 16, "3" * 16
BARN, FIELD = "abcdef01", "abcdef02"


def public_key(name):
    with open(os.path.join(FOLDER, name + ".pub"), encoding="ascii") as stream:
        return stream.read().strip()


class Case(unittest.TestCase):
    """A server with three versions and two devices, and a clock of its own."""

    def setUp(self):
        self.folder = tempfile.mkdtemp(dir=FOLDER)
        self.addCleanup(shutil.rmtree, self.folder)
        self.now = 1_700_000_000.0
        self.root = os.path.join(self.folder, "www")
        for number, version in enumerate((V1, V2, V3)):
            self.publish(version, number)
        os.symlink("versions/" + V1, os.path.join(self.root, "pi"))
        self.settings = {
            "root": self.root, "log": os.path.join(self.folder, "log"), "state": os.path.join(self.folder, "state"), "groups": ["canary"],
            "devices": [
                {"name": "barn", "serial": "10000000" + BARN, "group": "canary", "host_keys": [public_key("barn")]},
                {"name": "field", "serial": FIELD, "host_keys": [public_key("field")]},
            ],
        }
        self.uptime = 0
        with open(self.settings["log"], "w", encoding="ascii"):
            pass

    def publish(self, version, number):
        folder = os.path.join(self.root, "versions", version)
        os.makedirs(folder)
        for name, text in (("boot.img", "boot"), ("boot.sig", "sig"), ("roothash", version * 4 + "\n")):
            with open(os.path.join(folder, name), "w", encoding="ascii") as stream:
                stream.write(text)
        os.utime(os.path.join(folder, "boot.img"), (1_600_000_000 + number, 1_600_000_000 + number))

    def config(self):
        path = os.path.join(self.folder, "fleet.json")
        with open(path, "w", encoding="utf-8") as stream:
            json.dump(self.settings, stream)
        return config.read(path)

    def run_with(self, action):
        """What a command does, by action(run)."""
        known = self.config()
        printed = io.StringIO()
        with mock.patch("time.time", lambda: self.now), store.locked(known.state, 0) as mine, contextlib.redirect_stdout(printed):
            assert mine
            opened = store.Store(known.state)
            try:
                action(work.Run(known, opened))
            finally:
                opened.db.close()
        return printed.getvalue()

    def update(self):
        return self.run_with(lambda run: run.update())

    def change(self, function, *arguments):
        return self.run_with(lambda run: run.change(lambda inner: function(inner, *arguments)))

    def roll_out(self, version, goal="all", again=False, unproven=False):
        return self.change(commands.roll_out, version, goal, again, unproven)

    def open(self):
        return store.Store(self.settings["state"], readonly=True)

    def device(self, serial=BARN):
        return self.open().devices()[serial]

    def rollout(self):
        return self.open().get("rollout")

    def link(self, serial=BARN):
        return tree.link_version(os.path.join(self.root, "devices", serial))

    def write(self, *lines, end="\n"):
        with open(self.settings["log"], "a", encoding="utf-8", errors="surrogateescape") as stream:
            stream.write("".join(line + end for line in lines))

    def request(self, path, args="", status=200, sent=4, etag="", method="GET", agent="rpiboot/1.0 (d03114; version:507b2360)"):
        self.now += 60
        value = {"time": "%.3f" % self.now, "address": "192.0.2.9", "method": method, "uri": path, "args": args, "status": str(status),
                 "sent": str(sent), "etag": etag, "agent": agent}
        return json.dumps(value)

    def boot(self, serial=BARN, version=None, **other):
        """As nginx logs it. The device gets what its link leads to."""
        version = version or self.link(serial)
        stat = os.stat(os.path.join(self.root, "versions", version, "boot.img"))
        self.uptime = 0
        line = self.request("/devices/%s/boot.img" % serial, etag='"%x-%x"' % (int(stat.st_mtime), stat.st_size), **other)
        self.write(line)
        return line

    def challenge(self):
        with open(os.path.join(self.root, "fleet", "challenge"), encoding="ascii") as stream:
            return stream.read().split(" ", 2)[2].strip()

    def message(self, event, serial=BARN, version=V1, challenge=None, more=""):
        self.uptime += 30
        return "farroot-beacon 1\ndevice %s\nchallenge %s\nevent %s\nboot %s\nuptime %d\nroothash %s\n%s" % (
            serial, challenge or self.challenge(), event, os.urandom(16).hex(), self.uptime, version * 4, more)

    def sign(self, message, key="barn", namespace=beacon.NAMESPACE):
        out = subprocess.run(["ssh-keygen", "-q", "-Y", "sign", "-n", namespace, "-f", os.path.join(FOLDER, key)], input=message.encode("ascii"),
                             stdout=subprocess.PIPE, check=True).stdout.decode("ascii").split("\n")
        return base64.b64decode("".join(out[1:out.index("-----END SSH SIGNATURE-----")]))

    def query(self, message, signature):
        return "m=%s&s=%s" % (base64.urlsafe_b64encode(message.encode("ascii")).decode(), base64.urlsafe_b64encode(signature).decode())

    def beat(self, event="healthy", key=None, **other):
        """A beacon that counts."""
        message = self.message(event, **other)
        line = self.request("/fleet/challenge", self.query(message, self.sign(message, key or {FIELD: "field"}.get(other.get("serial"), "barn"))))
        self.write(line)
        return line

    def begin(self):
        """Both devices are healthy with version 1."""
        self.update()
        for serial in (BARN, FIELD):
            self.boot(serial)
            self.beat(serial=serial)
        self.update()
        self.assertEqual((self.device()["healthy_version"], self.device(FIELD)["healthy_version"]), (V1, V1))

    def refused(self):
        return self.open().get("last_refused")["why"]


class Decisions(Case):
    def test_first_run(self):
        self.update()
        self.assertEqual((self.link(), self.link(FIELD)), (V1, V1))

    def test_a_boot_names_board_and_loader(self):
        self.update()
        self.boot()
        self.update()
        self.assertEqual((self.device()["board"], self.device()["loader"], self.device()["boots"]), ("d03114", "507b2360", 1))

    def test_what_is_no_boot(self):
        self.begin()
        self.boot(sent=3)
        self.boot(status=206)
        self.boot(status=404)
        self.boot(method="POST")
        self.boot(method="HEAD", status=404)
        self.write(self.request("/devices/abcdef01/boot.img/../boot.img"), self.request("/devices/abcdef09/boot.img"))
        self.update()
        self.assertEqual(self.device()["boots"], 1)

    def test_a_site_cache_asks_if_boot_img_has_changed(self):
        self.begin()
        self.boot(status=304, sent=0)
        self.update()
        self.assertEqual(self.device()["boots"], 2)

    def test_a_site_cache_asks_which_boot_img(self):
        """By HEAD, each time; then it may fetch ranges, for minutes."""
        self.begin()
        self.boot(method="HEAD", sent=0)
        self.boot(status=206, sent=1)
        self.boot(method="HEAD", status=304, sent=0)
        self.update()
        self.assertEqual((self.device()["boots"], self.device()["board"]), (3, "d03114"))

    def test_boot_img_is_requested_twice(self):
        self.begin()
        self.roll_out(V2)
        for _ in range(2):
            self.boot()
            self.now -= 55
        self.update()
        self.assertEqual((self.device()["boots"], self.device()["failed"]), (2, 0))

    def test_failed_boots_flip_the_link_and_stop(self):
        self.begin()
        self.roll_out(V2)
        self.assertEqual((self.link(), self.link(FIELD)), (V2, V1))
        for _ in range(3):
            self.boot()
        self.update()
        self.assertEqual((self.link(), self.device()["failed"], self.rollout()["state"]), (V2, 2, "running"))
        self.boot()
        said = self.update()
        self.assertIn("barn: back to version %s: 3 boots" % V1, said)
        self.assertEqual((self.link(), self.rollout()["state"]), (V1, "stopped"))
        self.assertIn("barn: 3 boots of version %s" % V2, self.rollout()["reason"])

    def test_healthy_in_between_begins_again(self):
        self.begin()
        self.roll_out(V2)
        self.boot()
        self.boot()
        self.boot()
        self.beat(version=V2)
        self.boot()
        self.boot()
        self.update()
        self.assertEqual((self.link(), self.device()["failed"], self.rollout()["reached"]), (V2, 1, 1))

    def test_announced_restarts_are_not_counted(self):
        self.begin()
        self.roll_out(V2)
        for _ in range(6):
            self.boot()
            self.beat("reboot", version=V2)
        self.update()
        self.assertEqual((self.link(), self.device()["failed"]), (V2, 0))

    def test_late_announcement_takes_one_back(self):
        self.begin()
        self.roll_out(V2)
        self.boot()
        self.boot()
        self.beat("reboot", version=V2, more="late yes\n")
        self.update()
        self.assertEqual(self.device()["failed"], 0)

    def test_another_image_is_not_healthy_with_this_one(self):
        self.begin()
        self.roll_out(V2)
        self.boot()
        self.beat(version=V1)
        self.update()
        self.assertEqual((self.device()["booting"], self.rollout()["reached"]), (1, 0))

    def test_requests_of_others_do_not_count_when_the_device_says_its_uptime(self):
        self.begin()
        self.uptime = 100_000
        self.roll_out(V2)
        for _ in range(3):
            self.boot()
        self.uptime = 100_000
        self.beat()
        self.boot()
        self.boot()
        self.boot()
        self.update()
        self.assertEqual((self.link(), self.rollout()["state"]), (V2, "running"))

    def test_unsigned_devices_decide_nothing(self):
        self.settings["devices"][0]["host_keys"] = []
        self.update()
        self.boot(FIELD)
        self.beat(serial=FIELD)
        self.update()
        self.roll_out(V2)
        for _ in range(10):
            self.boot()
        self.update()
        self.assertEqual((self.link(), self.link(FIELD), self.rollout()["state"]), (V2, V1, "running"))
        self.roll_out(V2)
        self.assertEqual(self.link(FIELD), V1)

    def test_unproven(self):
        self.settings["devices"][0]["host_keys"] = []
        self.update()
        self.roll_out(V2, unproven=True)
        self.assertEqual((self.link(FIELD), self.rollout()["state"]), (V2, "done"))

    def test_minutes(self):
        self.settings["minutes"] = 20
        self.begin()
        for _ in range(9):
            self.now += 600
            self.update()
        self.roll_out(V2)
        self.boot()
        self.update()
        self.now += 1100
        self.update()
        self.assertEqual(self.link(), V2)
        self.now += 200
        self.update()
        self.assertEqual((self.link(), self.rollout()["state"]), (V1, "stopped"))
        self.assertIn("20 minutes", self.rollout()["reason"])

    def test_a_device_that_is_away_holds_nothing_up(self):
        self.begin()
        self.now += 8 * 86400
        for _ in range(9):
            self.now += 600
            self.update()
        self.settings["devices"].append({"name": "mill", "serial": "abcdef04", "group": "canary", "host_keys": [public_key("field")]})
        self.update()
        self.boot("abcdef04")
        self.beat(serial="abcdef04", key="field")
        self.update()
        self.roll_out(V2)
        self.boot("abcdef04")
        self.beat(serial="abcdef04", key="field", version=V2)
        self.update()
        self.assertEqual((self.device()["target"], self.rollout()["state"]), (V2, "done"))

    def test_a_jump_of_the_clock_makes_no_device_away(self):
        self.begin()
        self.settings["minutes"] = 5
        self.roll_out(V2)
        self.boot()
        self.update()
        self.now += 3650 * 86400
        self.update()
        self.assertEqual((self.rollout()["state"], self.link()), ("running", V2))
        self.now -= 7300 * 86400
        self.update()
        self.beat(version=V2)
        self.update()
        self.assertEqual((self.rollout()["reached"], self.link()), (1, V2))

    def test_new_devices_get_what_all_have(self):
        self.begin()
        self.roll_out(V2)
        for serial in (BARN, FIELD):
            self.update()
            self.boot(serial)
            self.beat(serial=serial, version=V2)
        self.update()
        self.assertEqual(self.rollout()["state"], "done")
        self.settings["devices"].append({"name": "mill", "serial": "abcdef04"})
        del self.settings["devices"][0]
        self.update()
        self.assertEqual((self.link("abcdef04"), self.link(), os.path.lexists(os.path.join(self.root, "devices", BARN))), (V2, "", False))

    def test_rescue_and_back(self):
        self.begin()
        os.symlink("versions/" + V3, os.path.join(self.root, "rescue"))
        self.change(commands.set_rescue, ["barn"], True)
        self.assertEqual((self.link(), tree.link_version(os.path.join(self.root, "devices", BARN + ".previous"))), (V3, V1))
        for _ in range(5):
            self.boot()
        self.roll_out(V2, "canary")
        self.update()
        self.assertEqual(self.link(), V3)
        self.change(commands.set_rescue, ["barn"], False)
        self.assertEqual(self.link(), V2)

    def test_refused_by_name(self):
        self.begin()
        for arguments, text in (((V2[:-1] + "9",), "is not in"), ((V2, "barns"), "no such group")):
            with self.assertRaisesRegex(config.Refused, text):
                self.roll_out(*arguments)
        self.roll_out(V2)
        with self.assertRaisesRegex(config.Refused, "is not done"):
            self.roll_out(V3)
        with self.assertRaisesRegex(config.Refused, "no such device"):
            self.change(commands.roll_back, ["nobarn"], "")
        self.assertEqual(self.link(), V2)

    def test_version_that_was_deleted(self):
        self.begin()
        self.roll_out(V2)
        shutil.rmtree(os.path.join(self.root, "versions", V2))
        self.update()
        self.assertEqual((self.link(), self.rollout()["state"]), (V1, "stopped"))


class Log(Case):
    def test_rotation_by_renaming(self):
        self.begin()
        for number in range(3):
            self.boot()
            os.rename(self.settings["log"], self.settings["log"] + ".1")
            self.boot()
            if number == 2:
                # Two rotations since the last run, the older one compressed.
                with open(self.settings["log"] + ".1", "rb") as old, gzip.open(self.settings["log"] + ".2.gz", "wb") as new:
                    new.write(old.read())
                os.utime(self.settings["log"] + ".2.gz", (1, 1))
                os.rename(self.settings["log"], self.settings["log"] + ".1")
                self.boot()
            self.update()
        self.assertEqual((self.device()["boots"], self.open().get("counts")["lost"]), (8, 0))

    def test_rotation_by_copying(self):
        self.begin()
        self.boot()
        shutil.copyfile(self.settings["log"], self.settings["log"] + ".1")
        os.truncate(self.settings["log"], 0)
        self.update()
        self.boot()
        self.update()
        self.assertEqual((self.device()["boots"], self.open().get("counts")["lost"]), (3, 0))

    def test_lost_lines_are_said(self):
        self.begin()
        os.truncate(self.settings["log"], 0)
        self.assertIn("lines are missing", self.update())
        self.assertEqual(self.update(), "")
        self.boot()
        self.assertEqual(self.update(), "")
        self.assertEqual((self.device()["boots"], self.open().get("counts")["lost"]), (2, 1))

    def test_no_log(self):
        self.begin()
        os.unlink(self.settings["log"])
        self.assertEqual(self.update() + self.update(), "")
        self.boot()
        self.update()
        self.assertEqual(self.device()["boots"], 2)

    def test_half_a_line_comes_later(self):
        self.begin()
        line = self.boot()
        os.truncate(self.settings["log"], os.path.getsize(self.settings["log"]) - 20)
        self.update()
        self.assertEqual(self.device()["boots"], 1)
        self.write(line[-19:])
        self.update()
        self.assertEqual(self.device()["boots"], 2)

    def test_garbage(self):
        self.begin()
        before = self.open().get("counts")["garbage"]
        deep = "[" * 50000
        lines = ["", "{}", "[]", "null", deep, "\x00\x01", "\udcff\udcfe", '{"time":1e400}', "x" * 200000, self.boot().replace('"200"', '"1e9"'),
                 self.request("/devices/abcdef01/boot.img").replace('"time": "', '"time": "NaN'), '{"time":{}}', "9" * 60000]
        self.write(*lines)
        self.boot(agent="rpiboot/1.0 (d03114; version:" + "a" * 3000 + "\n\x1b[31m")
        self.update()
        self.assertEqual(self.open().get("counts")["garbage"] - before, len(lines))
        self.assertEqual((self.device()["boots"], self.device()["loader"]), (3, "507b2360"))

    def test_many_lines_in_batches(self):
        self.begin()
        for _ in range(20):
            self.boot()
        with mock.patch.object(work, "BATCH", 3):
            self.update()
        self.assertEqual(self.device()["boots"], 21)


class Beacons(Case):
    def send(self, message, signature):
        self.write(self.request("/fleet/challenge", self.query(message, signature)))
        self.update()

    def test_replay(self):
        self.begin()
        self.roll_out(V2)
        self.boot()
        line = self.beat("reboot", version=V2)
        self.update()
        self.boot()
        self.write(line)
        self.update()
        self.assertEqual(self.device()["announced"], 0)
        self.assertIn("has come before", self.refused())
        # Nor when the challenge is another one.
        self.now += 700
        self.update()
        self.beat("status", version=V2)
        self.write(line)
        self.update()
        self.assertIn("older than its last one", self.refused())
        with mock.patch.object(beacon, "CHALLENGES_KEPT", 2):
            for _ in range(2):
                self.now += 700
                self.update()
        self.write(line)
        self.update()
        self.assertIn("an old or a wrong challenge", self.refused())

    def test_after_the_clock_was_set_back(self):
        self.begin()
        self.now -= 10 * 86400
        self.update()
        self.beat(more="percent 7\n")
        self.update()
        self.assertEqual(self.device()["percent"], 7)

    def test_of_another_device(self):
        self.begin()
        message = self.message("healthy", serial=FIELD)
        self.send(message, self.sign(message, "barn"))
        self.assertIn("is not signed by device field", self.refused())

    def test_of_another_purpose(self):
        self.begin()
        message = self.message("healthy")
        self.send(message, self.sign(message, namespace="file"))
        self.assertIn("is not signed by device barn", self.refused())

    def test_changed_after_it_was_signed(self):
        self.begin()
        message = self.message("unhealthy")
        self.send(message.replace("unhealthy", "healthy"), self.sign(message))
        self.assertIn("is not signed by device barn", self.refused())

    def test_a_guessed_challenge(self):
        self.begin()
        message = self.message("healthy", challenge="7 " + "0" * 32)
        self.send(message, self.sign(message))
        self.assertIn("an old or a wrong challenge", self.refused())

    def test_nonsense(self):
        self.begin()
        for query in ("m=&s=", "m=AAAA", "m=AAAA&s=A", "m=" + "A" * 7000 + "&s=AAAA", "x", "m=%41&s=AAAA"):
            self.write(self.request("/fleet/challenge", query))
            self.update()
            self.assertIn("is no beacon", self.refused())
        for message in ("", "farroot-beacon 2\n", self.message("explode"), self.message("healthy") + "device abcdef02\n",
                        self.message("healthy", more="percent 101\n"), self.message("healthy", more="fault " + "x" * 300 + "\n"),
                        self.message("unhealthy", more="fault \x1b[31m\n")):
            self.send(message, b"signature")
            self.assertIn(self.refused(), ("has a message in another form", "is no beacon"))
        message = self.message("healthy", serial="abcdef09")
        self.send(message, b"signature")
        self.assertIn("is of an unknown device", self.refused())

    def certify(self, *options, authority="authority", key="field", kind=()):
        """Signs with a new certificate; returns the name of its file, without .pub."""
        path = os.path.join(self.folder, "certified")
        for suffix in ("", ".pub"):
            shutil.copy(os.path.join(FOLDER, key) + suffix, path + suffix)
        subprocess.run(["ssh-keygen", "-q", *kind, "-s", os.path.join(FOLDER, authority), "-I", "test", *options, path + ".pub"], check=True)
        return path + "-cert.pub"

    def send_certified(self, *options, serial=FIELD, **other):
        message = self.message("healthy", serial=serial, more="percent 7\n")
        self.send(message, self.sign(message, self.certify(*options, **other)))

    def test_a_certificate_of_the_host_authority(self):
        self.begin()
        del self.settings["devices"][1]["host_keys"]
        before = self.device(FIELD)["percent"]
        self.send_certified("-n", FIELD)
        self.assertIn("of which no host key is known", self.refused())
        self.assertEqual(self.device(FIELD)["percent"], before)
        self.settings["host_authorities"] = [public_key("authority")]
        self.send_certified("-n", FIELD, "-V", "+1d")
        self.assertEqual(self.device(FIELD)["percent"], 7)
        # A key that is known still counts, and one without a certificate does not.
        self.beat("healthy", more="percent 8\n")
        self.update()
        self.assertEqual(self.device(BARN)["percent"], 8)
        message = self.message("healthy", serial=FIELD)
        self.send(message, self.sign(message, "field"))
        self.assertIn("is not signed by device field", self.refused())

    def test_certificates_that_do_not_count(self):
        self.settings["host_authorities"] = [public_key("authority")]
        self.begin()
        for options, other in (
                (("-n", BARN), {}), (("-n", "field"), {}), ((), {}), (("-n", "%s,%s" % (BARN, FIELD)), {}), (("-n", "*"), {}),
                (("-n", FIELD, "-V", "20200101:20200201"), {}), (("-n", FIELD, "-V", "+1d:+2d"), {}),
                (("-n", FIELD), {"authority": "barn"}), (("-n", FIELD), {"kind": ("-h",)})):
            self.send_certified(*options, **other)
            self.assertIn("is not signed by device field", self.refused(), (options, other))
        self.assertNotEqual(self.device(FIELD)["percent"], 7)

    def test_many_wrong_signatures_cost_little(self):
        self.begin()
        with mock.patch.object(beacon.Verifier, "is_signed", return_value=False) as asked:
            for _ in range(50):
                self.write(self.request("/fleet/challenge", self.query(self.message("healthy"), b"x")))
            self.update()
        self.assertEqual(asked.call_count, beacon.WRONG_MOST)

    def test_faults_are_shown(self):
        self.begin()
        self.beat("unhealthy", more='fault disk "a\\b" is full\n')
        self.update()
        with mock.patch("time.time", lambda: self.now):
            self.assertIn('disk "a\\b" is full', show.table(self.open(), self.config()))
            self.assertIn('fault="disk \\"a\\\\b\\" is full"', show.as_prometheus(self.open(), self.config()))


class Trouble(Case):
    def test_crash_before_the_links(self):
        self.begin()
        with mock.patch.object(tree, "set_links", side_effect=KeyboardInterrupt), self.assertRaises(KeyboardInterrupt):
            self.roll_out(V2)
        self.assertEqual((self.link(), self.device()["target"]), (V1, V2))
        self.update()
        self.assertEqual(self.link(), V2)

    def test_crash_in_the_transaction(self):
        self.begin()
        self.boot()
        with mock.patch.object(store.Store, "save_devices", side_effect=KeyboardInterrupt), self.assertRaises(KeyboardInterrupt):
            self.update()
        self.assertEqual(self.device()["boots"], 1)
        self.update()
        self.assertEqual(self.device()["boots"], 2)

    def test_full_disk(self):
        self.begin()
        self.roll_out(V2)
        for number in range(4):
            self.boot()
        real = store.Store

        def small(*arguments, **options):
            opened = real(*arguments, **options)
            opened.db.execute("PRAGMA max_page_count=1")
            opened.add_events = lambda events: opened.db.executemany("INSERT INTO events VALUES (0, ?, 'x')", [("y" * 5000,)] * 20)
            return opened

        with mock.patch.object(store, "Store", small), self.assertRaisesRegex(sqlite3.Error, "full"):
            self.update()
        self.assertEqual((self.link(), self.device()["failed"]), (V2, 0))
        self.update()
        self.assertEqual((self.link(), self.rollout()["state"]), (V1, "stopped"))

    def test_links_cannot_be_made(self):
        self.begin()
        with mock.patch("os.symlink", side_effect=OSError(28, "No space left on device")), self.assertRaises(OSError):
            self.roll_out(V2)
        self.assertEqual(self.link(), V1)
        self.update()
        self.assertEqual(self.link(), V2)

    def test_rest_of_a_crash(self):
        self.update()
        os.symlink("../versions/" + V3, os.path.join(self.root, "devices", "." + BARN + ".new"))
        self.roll_out(V2, "canary")
        self.assertEqual(self.link(), V2)
        self.assertEqual(sorted(os.listdir(os.path.join(self.root, "devices"))), [BARN, BARN + ".previous", FIELD])


class Configuration(Case):
    def test_wrong_values(self):
        for key, value, text in (
            ("root", "www", "must be an absolute path"), ("boots", 0, "1 to 100"), ("boots", "3", "whole number"), ("frob", 1, "no such setting"),
            ("channel", "images", "must be the name of a channel"), ("channel", "config", "must be the name of a channel"), ("groups", ["a", "a"], "twice"), ("devices", [{}], "must have a name"),
            ("devices", [{"name": "barn", "serial": "xyz"}], "must be the serial number"),
            ("devices", [{"name": "barn", "serial": BARN, "group": "b"}], "is not in groups"),
            ("devices", [{"name": "barn", "serial": BARN, "host_keys": ["command=\"x\" ssh-ed25519 AAAA"]}], "must be lines as in"),
            ("devices", [{"name": "barn", "serial": BARN}, {"name": "field", "serial": "10000000" + BARN}], "of device barn"),
        ):
            old = dict(self.settings)
            self.settings[key] = value
            with self.assertRaisesRegex(config.Refused, text):
                self.config()
            self.settings = old


unittest.main()
