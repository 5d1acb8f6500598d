#!/usr/bin/env python3
"""Checks that the sources keep the rules of rules.py.

usage: lint.py includes|bans|guards|names|fault_rows... [--root DIR]

Prints one line per violation, `path:line: what (what to do)`, and exits with 1 if there are any.
"""

import argparse
import functools
import pathlib
import re
import sys

import rules

SOURCES = (".h", ".cc")
FOLDERS = ("service", "client", "tests")


@functools.lru_cache(maxsize=None)
def glob_pattern(glob):
    parts = re.split(r"(\*\*|\*)", glob)
    return re.compile("".join({"**": ".*", "*": "[^/]*"}.get(p, re.escape(p)) for p in parts))


def matches(path, globs):
    return any(glob_pattern(glob).fullmatch(path) for glob in globs)


# A comment, a raw string, a string or a character, whichever comes first. A quote between digits
# (1'000) begins no character.
TOKEN = re.compile(
    r"//(?:\\\n|[^\n])*|/\*.*?\*/"
    r'|R"(?P<d>[^()\\\s]{0,16})\(.*?\)(?P=d)"'
    r'|"(?:\\.|[^"\\\n])*"'
    r"|(?<![0-9A-Za-z_])(?:u8|[uUL])?'(?:\\.|[^'\\\n])+'",
    re.DOTALL,
)


def code_only(text):
    """The text with comments and the contents of literals blanked, line breaks kept."""

    def blank(match):
        token = match.group(0)
        lines = "\n" * token.count("\n")
        return lines if token.startswith("/") else '""' + lines

    return TOKEN.sub(blank, text)


class Tree:
    """The sources below a root."""

    def __init__(self, root):
        self.root = pathlib.Path(root)
        self.texts = {}
        for folder in FOLDERS:
            for path in sorted((self.root / folder).rglob("*")):
                if path.suffix in SOURCES or path.name == "CMakeLists.txt":
                    name = path.relative_to(self.root).as_posix()
                    self.texts[name] = path.read_text(encoding="utf-8")

    def sources(self):
        return ((p, t) for p, t in self.texts.items() if p.endswith(SOURCES))

    def cmake(self):
        for path, text in self.texts.items():
            if path.endswith("CMakeLists.txt"):
                yield path, re.sub(r"#.*", "", text)


def folder_of(path):
    return path.rpartition("/")[0]


def arrows_of(folder):
    """Where the folder, or the one that it lies in, may include from; None: anywhere."""
    while folder:
        if folder in rules.ARROWS:
            return [folder, folder + "/**", *rules.ARROWS[folder]]
        folder = folder_of(folder)
    return None


def line_of(text, offset):
    return text.count("\n", 0, offset) + 1


INCLUDE = re.compile(r'^[ \t]*#[ \t]*include[ \t]*([<"])([^>"\n]+)[>"]', re.MULTILINE)


def check_includes(tree):
    """Includes and linked libraries follow the arrows; libraries stay behind their front doors."""
    for path, text in tree.sources():
        folder = folder_of(path)
        allowed = arrows_of(folder)
        if allowed is None and not path.startswith("tests/"):
            yield f"{path}:1: the folder {folder} is not in the diagram (tests/lint/rules.py)"
            continue
        for match in INCLUDE.finditer(text):
            quote, included = match.groups()
            where = f"{path}:{line_of(text, match.start())}"
            if quote == '"' and "/" not in included and (tree.root / folder / included).exists():
                yield f'{where}: "{included}" is included without its folder'
                continue
            target = None
            if included.startswith(("service/", "client/", "tests/")):
                target = folder_of(included)
            elif included.startswith(rules.PROTO_INCLUDES):
                target = "proto"
            if target and allowed is not None and not matches(target, allowed):
                yield f"{where}: {folder} may not include from {target}"
            for prefix, files in rules.LIBRARIES:
                if included.startswith(prefix) and not matches(path, files):
                    yield f"{where}: <{included}> may be included only in {', '.join(files) or 'no file'}"
    yield from check_links(tree)


def check_links(tree):
    owners = {"credbroker_proto": "proto"}
    for path, text in tree.cmake():
        for kind, name in re.findall(r"\b(credbroker_library|add_library|add_executable)\s*\(\s*([\w-]+)", text):
            owners["credbroker_" + name if kind == "credbroker_library" else name] = folder_of(path)
    for path, text in tree.cmake():
        folder = folder_of(path)
        allowed = arrows_of(folder)
        if allowed is None:
            continue
        for match in re.finditer(r"\bcredbroker_\w+", text):
            owner = owners.get(match.group(0))
            if owner and not matches(owner, allowed):
                yield f"{path}:{line_of(text, match.start())}: {folder} may not link {match.group(0)} of {owner}"


def check_bans(tree):
    """What is banned is only in the files that may."""
    for path, text in tree.sources():
        code = None
        for name, pattern, advice, where, files in rules.BANS:
            if not matches(path, where) or matches(path, files):
                continue
            code = code if code is not None else code_only(text)
            for match in re.finditer(pattern, code):
                found = " ".join(match.group(0).split())
                yield f"{path}:{line_of(code, match.start())}: {name}: `{found}` ({advice})"


def check_guards(tree):
    """Header guards are made from the path."""
    for path, text in tree.sources():
        if not path.endswith(".h"):
            continue
        guard = "CREDBROKER_" + re.sub(r"[^A-Za-z0-9]", "_", path).upper() + "_"
        found = re.search(r"^#ifndef (\w+)\n#define (\w+)$", text, re.MULTILINE)
        if not found or found.groups() != (guard, guard) or not text.rstrip().endswith(f"#endif  // {guard}"):
            yield f"{path}:1: the header guard is not {guard}, from #ifndef to `#endif  // {guard}`"


def check_names(tree):
    """File names say what is in the file."""
    for path, _ in tree.sources():
        words = pathlib.PurePath(path).stem.split("_")
        bad = [word for word in words if word in rules.FILE_NAME_WORDS]
        if bad and not matches(path, rules.FILE_NAMES_ALLOWED):
            yield f"{path}:1: `{bad[0]}` in the name says nothing"


TEST = re.compile(r"\b(?:TEST|TEST_F|TEST_P|TYPED_TEST|TYPED_TEST_P|INSTANTIATE_TEST_SUITE_P)\s*\(\s*(\w+)\s*,\s*(\w+)")


def check_fault_rows(tree):
    """Each row of the fault table that holds has a test that names it."""
    tested = set()
    for path, text in tree.sources():
        if path.startswith("tests/"):
            for names in TEST.findall(code_only(text)):
                tested.update(int(row) for row in re.findall(r"Row0*(\d+)", " ".join(names)))
    for row in rules.FAULT_ROWS:
        if row not in tested:
            yield f"tests: no test has Row{row} in its name"


CHECKS = {
    "includes": check_includes,
    "bans": check_bans,
    "guards": check_guards,
    "names": check_names,
    "fault_rows": check_fault_rows,
}


def main():
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("checks", nargs="+", choices=CHECKS)
    parser.add_argument("--root", default=pathlib.Path(__file__).resolve().parents[2])
    arguments = parser.parse_args()
    tree = Tree(arguments.root)
    if not any(True for _ in tree.sources()):
        sys.exit(f"lint: no sources below {arguments.root}")
    violations = [v for name in arguments.checks for v in CHECKS[name](tree)]
    for violation in violations:
        print(violation)
    print(f"lint: {len(violations)} violations in {len(tree.texts)} files")
    return 1 if violations else 0


if __name__ == "__main__":
    sys.exit(main())
