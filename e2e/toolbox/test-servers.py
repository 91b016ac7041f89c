"""What the checks of the network tools talk to, in the target's network: each server on a port of its own."""

import socket
import socketserver
import struct
import threading

ports = {"dns": 15353, "redis": 16379, "postgres": 15432, "mysql": 13306, "whois": 14343}


class DNS(socketserver.BaseRequestHandler):
    """Answers every question with one address."""

    def handle(self):
        query, connection = self.request
        question = query[12 : query.index(b"\0", 12) + 5]
        is_address = question[-4:-2] == b"\0\1"
        header = query[:2] + struct.pack(">5H", 0x8580, 1, int(is_address), 0, 0)
        answer = b"\xc0\x0c" + struct.pack(">2HIH", 1, 1, 60, 4) + socket.inet_aton("192.0.2.53")
        connection.sendto(header + question + (answer if is_address else b""), self.client_address)


class Redis(socketserver.StreamRequestHandler):
    def handle(self):
        while self.rfile.readline():
            self.wfile.write(b"+PONG from the test server\r\n")
            return


class Postgres(socketserver.StreamRequestHandler):
    """Refuses whoever comes, in the protocol's words."""

    def handle(self):
        length = struct.unpack(">I", self.rfile.read(4))[0]
        if struct.unpack(">I", self.rfile.read(length - 4)[:4])[0] == 80877103:  # asks for TLS
            self.wfile.write(b"N")
            self.rfile.read(struct.unpack(">I", self.rfile.read(4))[0] - 4)
        message = b"SFATAL\0C28000\0Mno entry, says the test server\0\0"
        self.wfile.write(b"E" + struct.pack(">I", len(message) + 4) + message)


class MySQL(socketserver.StreamRequestHandler):
    """Greets, and refuses, in the protocol's words."""

    def handle(self):
        # 4.1 protocol, secure connection, plugin authentication, no TLS.
        flags = 0x0008_8200 | 1
        greeting = b"\x0a8.0.0-test\0" + struct.pack("<I", 1) + b"12345678\0" + struct.pack("<H", flags & 0xFFFF)
        greeting += b"\x21\2\0" + struct.pack("<H", flags >> 16) + b"\x15" + b"\0" * 10
        greeting += b"123456789012\0mysql_native_password\0"
        self.send(0, greeting)
        header = self.rfile.read(4)
        self.rfile.read(int.from_bytes(header[:3], "little"))
        self.send(header[3] + 1, b"\xff\x15\x04#28000no entry, says the test server")

    def send(self, number, payload):
        self.wfile.write(len(payload).to_bytes(3, "little") + bytes([number]) + payload)


class Whois(socketserver.StreamRequestHandler):
    def handle(self):
        self.wfile.write(b"answer: " + self.rfile.readline())


socketserver.TCPServer.allow_reuse_address = True
servers = [socketserver.UDPServer(("127.0.0.1", ports["dns"]), DNS)]
for name, handler in (("redis", Redis), ("postgres", Postgres), ("mysql", MySQL), ("whois", Whois)):
    servers.append(socketserver.ThreadingTCPServer(("127.0.0.1", ports[name]), handler))
for server in servers:
    threading.Thread(target=server.serve_forever).start()
