#!/usr/bin/env python3
"""Shows that the simulation bites: each of these bugs, put into a copy of a source file, is caught.

usage: mutations.py BUILD_DIRECTORY [--schedules N] [--only NAME]

For each bug: changes a copy of the file, compiles that one file, puts it into a copy of the sessions
library, links the simulation anew and runs it. Nothing in the source tree is touched. Exits with 1
if a bug is not caught by an invariant that should catch it, or no longer applies to the sources.
"""

import argparse
import concurrent.futures
import json
import os
import pathlib
import re
import shlex
import shutil
import subprocess
import sys
import tempfile
import time

ROOT = pathlib.Path(__file__).resolve().parents[2]
LIBRARY = "libcredbroker_sessions.a"

# (name, what is right, what is put in its place, the invariants that may catch it). What is right is
# found once in service/sessions/*.cc, whatever the white space.
BUGS = [
    (
        "a second refresh in flight",
        "if (auto* exchange = std::get_if<Exchanging>(&activity_)) {",
        "if (auto* exchange = std::get_if<Exchanging>(&activity_);"
        " exchange != nullptr && exchange->kind != ExchangeKind::kRefresh) {",
        {"one-exchange", "refresh-twice"},
    ),
    (
        "an expired token at the boundary",
        "if (!session.IsLiveAt(now) ||",
        "if (now > session.live_until ||",
        {"expired-token"},
    ),
    (
        "a waiter forgotten on logout",
        'EndCalls("the account was logged out while the call waited: ask again"); if (logouts_',
        "if (logouts_",
        {"answered-once"},
    ),
    (
        "a password attempt during a hold",
        "return hold_.Refusal(Now(), plan.fingerprint);",
        "return std::nullopt;",
        {"hold"},
    ),
    (
        "a generation reused after a re-login",
        "refresh_token_dead_ = false; owner_.clear();",
        "refresh_token_dead_ = false; owner_.clear(); generation_ = 0;",
        {"generation"},
    ),
    (
        "a refresh token used after 416",
        "served_.MarkRefreshTokenDead();",
        "",
        {"dead-refresh-token"},
    ),
    (
        "a late login served after a logout",
        "if (login.discarded) {",
        "if (false) {",
        {"logged-out", "answered-once"},
    ),
    (
        "a session served after its logout",
        "logouts_.Expedite(); served_.Drop();",
        "logouts_.Expedite();",
        {"logged-out"},
    ),
    (
        "a failed refresh repeated at once",
        "BackOff(failure); AnswerAll(*BackoffRefusal()); }",
        "Rest(); AnswerAll(failure); }",
        {"shared-failure", "status"},
    ),
    (
        "a session that lives on upstream, its access token having ended",
        "} else if (!session_.refresh_token.empty()) {",
        "} else if (session_.refresh_token.size() == 1) {",
        {"revoked"},
    ),
    (
        "a caller that waits beside a live token",
        "} else if (IsLive() && session->expires - Now() >= min_remaining) {",
        "} else if (IsLive() && session->expires - Now() > min_remaining + absl::Seconds(9)) {",
        {"waits-beside-token"},
    ),
    (
        "a token for another caller",
        "if (answer.ok() && !served_.MayBeUsedBy(waiter.options.principals))",
        "if (answer.ok() && waiter.counted && !served_.MayBeUsedBy(waiter.options.principals))",
        {"owner"},
    ),
    (
        "a watch that misses a token",
        "watchers_.Push(served_.get());",
        "if (served_.generation() % 2 == 0) watchers_.Push(served_.get());",
        {"watch"},
    ),
    (
        "a place that a logout during a backoff does not give back",
        "if (IsResting()) Rest(); ReleasePlace(); }",
        "if (IsResting()) Rest(); }",
        {"limits", "healing"},
    ),
    (
        "a later hold ended by an earlier change",
        "if (!changed || !same) return;",
        "if (!changed || (!same && until == Instant())) return;",
        {"hold"},
    ),
    (
        "a logout confirmed before a refresh has ended",
        "if (!pending_.empty() || exchange_running_ != 0) return;",
        "if (!pending_.empty()) return;",
        {"revoked"},
    ),
    (
        "one exchange too many at once",
        "while (running() < overall_ &&",
        "while (running() <= overall_ &&",
        {"limits"},
    ),
]


def pattern_of(code):
    """Matches the code however it is broken into lines."""
    return re.compile(r"\s+".join(re.escape(word) for word in code.split()))


def mutate(right, wrong):
    """The path, from the root, of the one file that has the code, and its text with the bug."""
    found = []
    for path in sorted((ROOT / "service/sessions").glob("*.cc")):
        text = path.read_text(encoding="utf-8")
        found += [(path, text, match) for match in pattern_of(right).finditer(text)]
    if len(found) != 1:
        raise LookupError(f"found {len(found)} times, not once: {right}")
    path, text, match = found[0]
    return path.relative_to(ROOT), text[: match.start()] + wrong + text[match.end() :]


class Build:
    """How the build compiles the sessions and links the simulation."""

    def __init__(self, directory):
        self.directory = pathlib.Path(directory).resolve()
        commands = json.loads((self.directory / "compile_commands.json").read_text(encoding="utf-8"))
        self.compile = {pathlib.Path(c["file"]): shlex.split(c["command"]) for c in commands}
        ninja = ["ninja", "-C", str(self.directory), "-t", "commands", "-s", "bin/simulation"]
        self.link = shlex.split(subprocess.check_output(ninja, text=True).strip().splitlines()[-1])

    def make(self, path, text, folder):
        """The simulation with the file's text replaced, in the folder."""
        source = folder / path
        source.parent.mkdir(parents=True)
        source.write_text(text, encoding="utf-8")
        command = list(self.compile[ROOT / path])
        member = pathlib.Path(command[command.index("-o") + 1]).name
        command[command.index("-o") + 1] = str(folder / member)
        command[command.index("-c") + 1] = str(source)
        self.run(command)

        library = next(a for a in self.link if a.endswith("/" + LIBRARY))
        copy, program = folder / LIBRARY, folder / "simulation"
        shutil.copy(self.directory / library, copy)
        self.run(["ar", "r", str(copy), str(folder / member)])
        self.run([{library: str(copy), "bin/simulation": str(program)}.get(a, a) for a in self.link])
        return program

    def run(self, command):
        shell = " ".join(c if c == "&&" else shlex.quote(c) for c in command)
        done = subprocess.run(shell, cwd=self.directory, shell=True, text=True, stdout=subprocess.PIPE, stderr=subprocess.STDOUT)
        if done.returncode:
            raise RuntimeError(f"{shell}\n{done.stdout}")


def check(build, schedules, bug):
    """What became of the bug: whether it was caught, and a line about it."""
    name, right, wrong, invariants = bug
    begin = time.monotonic()
    path, text = mutate(right, wrong)
    with tempfile.TemporaryDirectory() as folder:
        program = build.make(path, text, pathlib.Path(folder))
        command = [str(program), "--schedules", str(schedules), "--seed", "1"]
        done = subprocess.run(command, text=True, stdout=subprocess.PIPE, stderr=subprocess.STDOUT, errors="replace")
    verdict = re.search(r"^seed \d+ violates (\S+) after (\d+) schedules", done.stdout, re.MULTILINE)
    took = f"{time.monotonic() - begin:.0f} s"
    if not verdict:
        return False, f"{name} ({path.name}): NOT CAUGHT: {done.stdout.strip()[-300:]} ({took})"
    caught = verdict.group(1) in invariants
    line = f"{name} ({path.name}): {verdict.group(1)} after {verdict.group(2)} schedules ({took})"
    return caught, line if caught else f"{line}, but it should be {' or '.join(sorted(invariants))}"


def main():
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("build", help="a configured and built directory, e.g. build/release")
    parser.add_argument("--schedules", type=int, default=50000, help="as in the default run")
    parser.add_argument("--only", help="part of a bug's name")
    arguments = parser.parse_args()
    bugs = [bug for bug in BUGS if not arguments.only or arguments.only in bug[0]]
    try:
        for _, right, wrong, _ in bugs:
            mutate(right, wrong)
        build = Build(arguments.build)
        failures = 0
        with concurrent.futures.ThreadPoolExecutor(os.cpu_count()) as pool:
            for caught, line in pool.map(lambda bug: check(build, arguments.schedules, bug), bugs):
                failures += not caught
                print(line, flush=True)
    except (LookupError, RuntimeError) as error:
        sys.exit(f"mutations: {error}")
    print(f"mutations: {len(bugs) - failures} of {len(bugs)} caught")
    return 1 if failures or not bugs else 0


if __name__ == "__main__":
    sys.exit(main())
