#!/usr/bin/env python3
"""Proves that lint.py bites: each rule is fed a tree that breaks it, and one that does not."""

import pathlib
import subprocess
import sys
import tempfile
import unittest

import lint
import rules

LINT = pathlib.Path(lint.__file__)

# Violations of each ban. A ban without a sample here fails the test.
BANNED = {
    "real time": [
        "auto t = absl::Now();",
        "auto t = std::chrono::system_clock::now();",
        "using Clock = std::chrono::steady_clock;",
        "clock_gettime(CLOCK_BOOTTIME, &t);",
        "gettimeofday(&t, nullptr);",
        "auto t = time(nullptr);",
        "auto t = std::time(NULL);",
    ],
    "real randomness": [
        "RAND_bytes(b, 1);",
        "absl::BitGen gen;",
        "std::random_device device;",
        "int x = rand();",
        "int x = std::rand();",
        "srand(1);",
    ],
    "exceptions": ["try { F(); } G();", "catch (...) {}", "throw 1;", "try\n{"],
    "sleeping": [
        "std::this_thread::sleep_for(x);",
        "std::this_thread::sleep_until(x);",
        "absl::SleepFor(x);",
        "usleep(1);",
        "sleep(1);",
        "::nanosleep(&t, nullptr);",
    ],
    "coroutines": ["co_await x;", "co_return;", "co_yield x;"],
    "console output": ['std::cout << "x";', "std::cerr << x;", 'printf("x");', 'fputs("x", f);', 'std::fprintf(f, "x");'],
    "reading a secret": ["f(s.RevealSecret());"],
    "name": ["class FooImpl {", "struct StringUtil {", "class SecretHelper final {", "class KeyManager : B {"],
}

# What looks like a violation and is none.
HARMLESS = """
// absl::Now() and try { are words of a comment; sleep(1) too.
/* throw 1;
   rand() */
const char* kText = "throw absl::Now() \\" sleep(1)";
const char* kRaw = R"(std::cout << co_await)";
const int kMany = 1'000; const char kQuote = '"'; const int kOther = 2'000;
class SessionManager {};
class LibraryManager;
int operand(int x); int y = operand(1); int z = runtime(0); int s = ssleep(1); int q = object.sleep(1);
int n = snprintf(buffer, 1, "x");
bool retry = Retry(rethrown);
"""


class LintTest(unittest.TestCase):
    def setUp(self):
        directory = tempfile.TemporaryDirectory()
        self.addCleanup(directory.cleanup)
        self.root = pathlib.Path(directory.name)

    def write(self, path, text):
        file = self.root / path
        file.parent.mkdir(parents=True, exist_ok=True)
        file.write_text(text, encoding="utf-8")

    def violations(self, check, files):
        for path, text in files.items():
            self.write(path, text)
        found = list(lint.CHECKS[check](lint.Tree(self.root)))
        for path in files:
            (self.root / path).unlink()
        return found

    def assert_bites(self, check, path, text, words, line=None):
        found = self.violations(check, {path: text})
        self.assertEqual(len(found), 1, f"{path}: {text!r}: {found}")
        self.assertIn(words, found[0])
        self.assertTrue(found[0].startswith(f"{path}:" + (f"{line}:" if line else "")), found[0])

    def assert_passes(self, check, path, text):
        self.assertEqual(self.violations(check, {path: text}), [], f"{path}: {text!r}")

    def test_each_arrow_that_the_diagram_lacks_is_refused(self):
        folders = [folder for folder in rules.ARROWS if folder.startswith("service/")]
        self.assertGreaterEqual(len(folders), 10)
        refused = 0
        for source in folders:
            for target in folders:
                text = f'\n#include "{target}/x.h"\n'
                allowed = source == target or lint.matches(target, rules.ARROWS[source])
                if allowed:
                    self.assert_passes("includes", f"{source}/a.cc", text)
                else:
                    self.assert_bites("includes", f"{source}/a.cc", text, f"may not include from {target}", 2)
                    refused += 1
        self.assertGreater(refused, 50)

    def test_the_arrows_that_matter_most(self):
        bites = [
            ("service/scram/a.h", "service/upstream/x.h"),
            ("service/upstream/a.cc", "service/sessions/x.h"),
            ("service/sessions/a.cc", "service/scram/x.h"),
            ("service/sessions/a.cc", "service/api/x.h"),
            ("service/sessions/a.cc", "credbroker/v1/credential_broker.pb.h"),
            ("service/callers/a.cc", "google/rpc/error_details.pb.h"),
            ("service/api/a.cc", "service/upstream/x.h"),
            ("service/api/a.cc", "client/token_source.h"),
            ("service/base/a.cc", "tests/fakes/x.h"),
            ("client/a.cc", "service/base/x.h"),
            ("client/cli/a.cc", "service/base/x.h"),
        ]
        for path, included in bites:
            self.assert_bites("includes", path, f'#include "{included}"\n', "may not include from", 1)
        passes = [
            ("service/api/a.cc", "credbroker/v1/credential_broker.pb.h"),
            ("service/main/a.cc", "service/upstream/x.h"),
            ("client/cli/a.cc", "client/token_source.h"),
            ("client/a.cc", "credbroker/v1/credential_broker.pb.h"),
            ("tests/scram/a.cc", "service/api/x.h"),
        ]
        for path, included in passes:
            self.assert_passes("includes", path, f'#include "{included}"\n')

    def test_arrows_hold_in_subfolders_and_new_folders_must_be_entered(self):
        self.assert_bites("includes", "service/scram/deep/a.cc", '#include "service/api/x.h"\n', "may not include from")
        self.assert_bites("includes", "service/novel/a.cc", "", "not in the diagram")

    def test_an_include_without_its_folder_is_refused(self):
        self.write("service/base/secret.h", "")
        self.assert_bites("includes", "service/base/a.cc", '#include "secret.h"\n', "without its folder", 1)

    def test_each_library_stays_behind_its_front_door(self):
        for prefix, _ in rules.LIBRARIES:
            for form in ("<{}>", '"{}"'):
                header = prefix + "x.h" if prefix.endswith("/") else prefix
                text = f"#  include {form.format(header)}\n"
                self.assert_bites("includes", "service/model/a.cc", text, "may be included only in", 1)
        self.assert_passes("includes", "service/upstream/a.cc", "#include <curl/curl.h>\n")
        self.assert_passes("includes", "service/base/log.cc", '#include "spdlog/spdlog.h"\n')
        self.assert_bites("includes", "service/base/log.h", '#include "spdlog/spdlog.h"\n', "only in")

    def test_each_linked_library_that_the_diagram_lacks_is_refused(self):
        self.write("service/api/CMakeLists.txt", "credbroker_library(api SOURCES a.cc)\n")
        self.write("service/base/CMakeLists.txt", "credbroker_library(base SOURCES a.cc)\n")
        text = "credbroker_library(scram SOURCES a.cc\n  {} credbroker_{})\n"
        path = "service/scram/CMakeLists.txt"
        self.assert_bites("includes", path, text.format("DEPS", "api"), "may not link credbroker_api", 2)
        self.assert_bites("includes", path, text.format("PRIVATE_DEPS", "proto"), "may not link credbroker_proto", 2)
        self.assert_bites("includes", path, "target_link_libraries(x credbroker_api)\n", "may not link", 1)
        self.assert_passes("includes", path, text.format("DEPS", "base"))
        self.assert_passes("includes", path, text.format("# not credbroker_api\n DEPS", "warnings"))

    def test_each_ban_bites(self):
        for name, _, _, where, _ in rules.BANS:
            self.assertIn(name, BANNED, "a ban without a sample")
            for glob in where:
                path = {"service/**": "service/stores", "client/**": "client", "tests/**": "tests/base"}[glob] + "/a.cc"
                for sample in BANNED[name]:
                    self.assert_bites("bans", path, f"// one\n/* two\nthree */ {sample}\n", f": {name}: ", 3)
        self.assertEqual(len(BANNED), len(rules.BANS))

    def test_bans_spare_the_files_that_may(self):
        for path, name in [
            ("service/base/clock.cc", "real time"),
            ("service/base/random.cc", "real randomness"),
            ("service/main/yaml_guard.cc", "exceptions"),
            ("service/main/main.cc", "console output"),
            ("service/base/secret.cc", "reading a secret"),
            ("tests/sandbox/faults.cc", "sleeping"),
            ("tests/base/a_test.cc", "real time"),
            ("client/cli/options.cc", "exceptions"),
        ]:
            self.assert_passes("bans", path, BANNED[name][0])
        self.assert_bites("bans", "service/base/clock.h", "absl::Now()", "real time")
        self.assert_bites("bans", "service/main/main.cc", "throw 1;", "exceptions")
        self.assert_bites("bans", "service/ops/deep/a.cc", "throw 1;", "exceptions")

    def test_bans_spare_comments_literals_and_lookalikes(self):
        self.assert_passes("bans", "service/stores/a.cc", HARMLESS)

    def test_header_guards_are_made_from_the_path(self):
        good = "// What.\n#ifndef CREDBROKER_SERVICE_BASE_A_B_H_\n#define CREDBROKER_SERVICE_BASE_A_B_H_\n\n#endif  // CREDBROKER_SERVICE_BASE_A_B_H_\n"
        self.assert_passes("guards", "service/base/a_b.h", good)
        self.assert_bites("guards", "service/base/other.h", good, "header guard", 1)
        self.assert_bites("guards", "service/base/a_b.h", "#pragma once\n", "header guard")
        self.assert_bites("guards", "service/base/a_b.h", good.replace("#define CRED", "#define RED"), "header guard")
        self.assert_bites("guards", "service/base/a_b.h", good.replace("#endif  //", "#endif"), "header guard")

    def test_file_names_say_something(self):
        for word in rules.FILE_NAME_WORDS:
            self.assert_bites("names", f"service/base/string_{word}.cc", "", word)
        self.assert_passes("names", "service/sessions/session_manager.cc", "")
        self.assert_passes("names", "service/base/utility_belt.cc", "")

    def test_each_fault_row_needs_a_test_that_names_it(self):
        def tests(rows):
            return "".join(f"TEST(Fault, Row{row}Holds) {{}}\n" for row in rows)

        path = "tests/a_test.cc"
        self.assert_passes("fault_rows", path, tests(rules.FAULT_ROWS))
        for row in rules.FAULT_ROWS:
            others = [other for other in rules.FAULT_ROWS if other != row]
            for lookalike in ("", f"// TEST(Fault, Row{row}Holds)\n", f"int Row{row}Holds;\n", f"TEST(A, Row{row}00B)\n"):
                found = self.violations("fault_rows", {path: tests(others) + lookalike})
                self.assertEqual(found, [f"tests: no test has Row{row} in its name"])
            for form in (f"TEST_F(Row{row}, B)", f"TEST_P(A, BRow0{row}C)", f"TEST(A,\n     Row{row}_C)"):
                self.assert_passes("fault_rows", path, tests(others) + form)

    def test_the_program_says_what_it_found_with_its_exit_code(self):
        def run(*arguments):
            return subprocess.run(
                [sys.executable, LINT, *arguments, "--root", self.root],
                capture_output=True, text=True, check=False, stdin=subprocess.DEVNULL)

        self.assertNotEqual(run("bans").returncode, 0, "an empty tree is no success")
        self.write("service/base/a.cc", "int x;\n")
        clean = run("bans", "includes")
        self.assertEqual((clean.returncode, clean.stdout), (0, "lint: 0 violations in 1 files\n"))
        self.write("service/base/b.cc", "throw 1;\n")
        dirty = run("includes", "bans")
        self.assertEqual(dirty.returncode, 1)
        self.assertIn("service/base/b.cc:1: exceptions: `throw`", dirty.stdout)


if __name__ == "__main__":
    unittest.main()
