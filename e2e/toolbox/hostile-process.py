"""A process that has chosen all its names so that a terminal would obey them. Run in a session, in its place of a target."""

import ctypes
import os
import select
import socket
import subprocess
import sys
import threading
import time

PR_SET_NAME = 15
# A title, C1 (CSI in one character), right-to-left override, and what is no UTF-8.
HOSTILE = b"e\x1b]0;OWNED\x07\xc2\x9b31m\xe2\x80\xae\xff"
libc = ctypes.CDLL(None)


def run_thread():
    # At most 15 bytes. Markup, too, as a flame graph is an SVG.
    libc.prctl(PR_SET_NAME, b"<b>]]>&\"\x1b]0;T\x07", 0, 0, 0)
    while True:
        sum(range(10000))


directory = os.fsencode(sys.argv[1])
os.chdir(directory)
mount = directory + b"/mount-" + HOSTILE
os.mkdir(mount)
subprocess.run(["mount", "-t", "tmpfs", "-o", "size=64k", b"source-" + HOSTILE, mount], check=True)
kept = [open(directory + b"/file-" + HOSTILE, "w"), open(mount + b"/mounted-" + HOSTILE, "w")]
for address in (b"\0abstract-" + HOSTILE, directory + b"/socket-" + HOSTILE):
    listener = socket.socket(socket.AF_UNIX)
    listener.bind(address)
    listener.listen()
    kept.append(listener)


def answer():
    while True:
        peer, _ = web.accept()
        # One peer says nothing.
        if not select.select([peer], [], [], 0.5)[0]:
            kept.append(peer)
            continue
        peer.recv(1000)
        peer.sendall(b"HTTP/1.0 200 OK\r\nContent-Type: text/" + HOSTILE + b"\r\n\r\n")
        peer.close()


web = socket.create_server(("127.0.0.1", 18099))
kept.append(socket.create_connection(("127.0.0.1", 18099)))
libc.prctl(PR_SET_NAME, HOSTILE[:15], 0, 0, 0)
for work in (run_thread, answer):
    threading.Thread(target=work, daemon=True).start()
print("ready", flush=True)
while True:
    time.sleep(0.01)
    os.path.exists(b"/" + HOSTILE)
