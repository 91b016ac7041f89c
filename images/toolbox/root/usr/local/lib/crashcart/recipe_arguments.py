"""The arguments of a recipe in Python that has options of its own; its help is the text at its top."""

import argparse
import sys


def make_parser(name: str, text: str) -> argparse.ArgumentParser:
    """Has -h and `-p PID|NAME`, as `wanted`. What else the recipe takes is to be added."""
    parser = argparse.ArgumentParser(
        f"recipe {name}", usage=argparse.SUPPRESS, description=text, add_help=False,
        formatter_class=argparse.RawDescriptionHelpFormatter,
    )
    parser.add_argument("-h", "--help", action="help", help=argparse.SUPPRESS)
    parser.add_argument("-p", "--pid", dest="wanted", help=argparse.SUPPRESS)
    return parser


def check_node(name: str, pid: int, kind: str) -> None:
    """Ends the recipe, of which --inspect is asked, where the process is of another runtime."""
    if kind != "node":
        sys.exit(f"{name}: --inspect is for Node.js, and process {pid} is not ({kind})")
