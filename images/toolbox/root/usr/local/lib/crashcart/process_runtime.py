"""Which language's runtime a process is: by the name of its program, by the libraries that it maps, or for Go by a section
of the program. All of them are the target's, and may lie.

    runtime = find_runtime(process.pid)   # Runtime(kind="python", version="3.11")

What is read of a program is small, and read here: Python's own parsing can be misled, but not taken over.
"""

import os
import re
import struct
from dataclasses import dataclass

from container_processes import read_in_time, read_link

MAX_MAPS_BYTES = 4 << 20
MAX_SECTIONS = 1024
MAX_NAMES_BYTES = 65536


@dataclass
class Runtime:
    kind: str
    """jvm, python, node, go, ruby, php, dotnet, mono or native."""
    version: str | None
    """As far as a name tells it; null otherwise."""


PROGRAMS = [
    (re.compile(r"^java$"), "jvm"),
    (re.compile(r"^(?:python|pypy)(\d+(?:\.\d+)*)?$"), "python"),
    (re.compile(r"^node(?:js)?(?:-?(\d+(?:\.\d+)*))?$"), "node"),
    (re.compile(r"^(?:ruby|jruby)-?(\d+(?:\.\d+)*)?$"), "ruby"),
    (re.compile(r"^php(?:-fpm|-cgi)?-?(\d+(?:\.\d+)*)?$"), "php"),
    (re.compile(r"^mono(?:-sgen|-boehm)?(\d+(?:\.\d+)*)?$"), "mono"),
    (re.compile(r"^dotnet$"), "dotnet"),
]
LIBRARIES = [
    (re.compile(r"/libjvm\.so"), "jvm"),
    (re.compile(r"/libcoreclr\.so"), "dotnet"),
    (re.compile(r"/libmono(?:sgen|boehm|btls)?-(\d+(?:\.\d+)*)\.so"), "mono"),
    (re.compile(r"/libpython(\d+(?:\.\d+)*)\w*\.so"), "python"),
    (re.compile(r"/libruby(?:-?(\d+(?:\.\d+)*))?\.so"), "ruby"),
    (re.compile(r"/libphp(\d+(?:\.\d+)*)?\.so"), "php"),
    (re.compile(r"/libnode\.so"), "node"),
]
# Where the folder of an installation tells what its files do not.
FOLDERS = {
    "jvm": re.compile(r"/(?:java|jdk|jre|openjdk|zulu|corretto|temurin)[a-z]*-?(\d+(?:\.\d+)*)", re.I),
    "dotnet": re.compile(r"/Microsoft\.NETCore\.App/(\d+(?:\.\d+)*)"),
    "node": re.compile(r"/node[-/]?v?(\d+(?:\.\d+)*)"),
    "ruby": re.compile(r"/ruby[-/](\d+(?:\.\d+)*)"),
}


def find_runtime(pid: int) -> Runtime:
    program = read_link(pid, "exe").removesuffix(" (deleted)")

    def find_by(patterns: list[tuple[re.Pattern[str], str]], text: str) -> Runtime | None:
        for pattern, kind in patterns:
            match = pattern.search(text)
            if match:
                return Runtime(kind, (match[1] if match.lastindex else None) or find_version(kind, program, pid))
        return None

    return (
        find_by(PROGRAMS, os.path.basename(program))
        or find_by(LIBRARIES, read_maps(pid))
        or read_in_time(lambda: read_go(pid), None)
        or Runtime("native", None)
    )


def find_version(kind: str, program: str, pid: int) -> str | None:
    pattern = FOLDERS.get(kind)
    match = pattern and (pattern.search(program) or pattern.search(read_maps(pid)))
    return match[1] if match else None


def read_maps(pid: int) -> str:
    def read() -> str:
        with open(f"/proc/{pid}/maps", "rb") as file:
            return file.read(MAX_MAPS_BYTES).decode(errors="backslashreplace")

    return read_in_time(read, "")


def read_go(pid: int) -> Runtime | None:
    """Go's toolchain leaves sections behind that strip(1) does not take: https://pkg.go.dev/debug/buildinfo."""
    with open(f"/proc/{pid}/exe", "rb") as file:
        try:
            sections = read_sections(file.fileno())
        except (struct.error, IndexError):
            return None
        if ".note.go.buildid" not in sections and ".go.buildinfo" not in sections:
            return None
        offset, size = sections.get(".go.buildinfo", (0, 0))
        information = os.pread(file.fileno(), min(size, 128), offset) if offset else b""
    # After 32 bytes of heading the version, its length before it, where the flag says that it is in here: since Go 1.18.
    text = information[33 : 33 + information[32]] if len(information) > 33 and information[15] & 2 else b""
    match = re.match(rb"go(\d+(?:\.\d+)*)", text)
    return Runtime("go", match[1].decode() if match else None)


def read_sections(descriptor: int) -> dict[str, tuple[int, int]]:
    """Offset and size of each section of a 64-bit ELF file in this machine's byte order, by its name: elf(5)."""
    header = os.pread(descriptor, 64, 0)
    if header[:5] != b"\x7fELF\x02":
        return {}
    table = struct.unpack_from("=Q", header, 40)[0]
    entry_bytes, count, names_index = struct.unpack_from("=HHH", header, 58)
    if entry_bytes != 64 or not 0 < count <= MAX_SECTIONS or table >= 1 << 62:
        return {}
    entries = [struct.unpack_from("=IIQQQQ", os.pread(descriptor, 64 * count, table), 64 * index) for index in range(count)]
    names_offset, names_bytes = entries[names_index][4:6]
    if names_offset >= 1 << 62:
        return {}
    names = os.pread(descriptor, min(names_bytes, MAX_NAMES_BYTES), names_offset)
    sections = {}
    for name, _, _, _, offset, size in entries:
        text = names[name : name + 32].partition(b"\0")[0].decode(errors="backslashreplace")
        sections[text] = (offset if offset < 1 << 62 else 0, size)
    return sections
