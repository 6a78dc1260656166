#!/usr/bin/env python3
"""Every dependency may be shipped with this program, and every font lies beside its licence.

Reads `cargo metadata` for the machine it runs on. A licence that is not in ALLOWED needs an entry
in EXCEPTIONS, with the reason why that one package is fine.
"""

import json
import pathlib
import re
import subprocess
import sys

ALLOWED = {
    "0BSD", "Apache-2.0", "Apache-2.0 WITH LLVM-exception", "BSD-1-Clause", "BSD-2-Clause", "BSD-3-Clause",
    "BSL-1.0", "CC0-1.0", "ISC", "MIT", "Unicode-3.0", "Unlicense", "Zlib",
}

# package: (licences it may have beyond ALLOWED, why)
EXCEPTIONS = {
    "option-ext": ({"MPL-2.0"}, "used unchanged; the licence covers its own files only"),
    "epaint_default_fonts": ({"OFL-1.1", "Ubuntu-font-1.0"}, "fonts, shipped unchanged and under their own names"),
}

FONTS = pathlib.Path("assets/fonts")


def permits(expression, allowed):
    """Whether an SPDX expression can be met with the allowed licences alone."""
    # Older crates write "MIT/Apache-2.0" for "MIT OR Apache-2.0".
    words = re.findall(r"[()]|[^\s()]+", expression.replace("/", " OR "))
    # Pairs "X WITH Y" into one word.
    while "WITH" in words:
        at = words.index("WITH")
        words[at - 1:at + 2] = [" ".join(words[at - 1:at + 2])]

    def either():
        result = both()
        while words and words[0] == "OR":
            words.pop(0)
            # Not short-circuited: the right side must be read in any case.
            right = both()
            result = result or right
        return result

    def both():
        result = one()
        while words and words[0] == "AND":
            words.pop(0)
            right = one()
            result = result and right
        return result

    def one():
        word = words.pop(0)
        if word == "(":
            result = either()
            words.pop(0)
            return result
        return word in allowed

    return either()


def self_test():
    cases = [
        ("MIT", True), ("MIT/Apache-2.0", True), ("GPL-3.0-only", False), ("Apache-2.0 OR GPL-2.0-only", True),
        ("(MIT OR Apache-2.0) AND Unicode-3.0", True), ("MIT AND GPL-3.0-only", False),
        ("Apache-2.0 WITH LLVM-exception OR GPL-3.0-only", True), ("(MIT AND GPL-3.0-only) OR ISC", True),
    ]
    for expression, expected in cases:
        assert permits(expression, ALLOWED) is expected, expression


def package_faults():
    host = re.search(r"host: (\S+)", subprocess.check_output(["rustc", "-vV"], text=True)).group(1)
    command = ["cargo", "metadata", "--format-version", "1", "--locked", "--filter-platform", host]
    metadata = json.loads(subprocess.check_output(command))
    resolved = {node["id"] for node in metadata["resolve"]["nodes"]}
    packages = [package for package in metadata["packages"] if package["id"] in resolved]
    unused = set(EXCEPTIONS)
    for package in sorted(packages, key=lambda package: package["name"]):
        extra, _why = EXCEPTIONS.get(package["name"], (set(), ""))
        unused.discard(package["name"])
        if not package["license"] or not permits(package["license"], ALLOWED | extra):
            yield f"{package['name']} {package['version']}: licence {package['license'] or 'not named'}"
    for name in sorted(unused):
        yield f"{name}: its exception is not needed any more"
    print(f"{len(packages)} packages looked at")


def font_faults():
    for font in sorted(FONTS.rglob("*")):
        if font.suffix not in {".ttf", ".otf", ".ttc", ".woff2"}:
            continue
        texts = [file for file in font.parent.iterdir() if re.search(r"OFL|LICEN[CS]E", file.name, re.IGNORECASE)]
        if not any(file.stat().st_size for file in texts):
            yield f"{font}: no licence text beside it"


def main():
    self_test()
    faults = [*package_faults(), *font_faults()]
    for name in ("LICENSE-MIT", "LICENSE-APACHE"):
        if not pathlib.Path(name).is_file():
            faults.append(f"{name}: missing")
    for fault in faults:
        print(fault, file=sys.stderr)
    return 1 if faults else 0


if __name__ == "__main__":
    sys.exit(main())
