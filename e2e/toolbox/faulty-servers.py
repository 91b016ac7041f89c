"""What the checks of names and certificates talk to, on the loopback of the target's network: each with its own fault."""

import os
import socket
import socketserver
import ssl
import struct
import subprocess
import threading
import time

FOLDER = "/tmp/faulty"
# By the port of the server: the certificate's name, its first and its last second, and whether it has an issuer.
CERTIFICATES = {
    14441: ("localhost", "20200101000000Z", "20490101000000Z", True),
    14442: ("localhost", "20200101000000Z", "20240201000000Z", True),
    14443: ("localhost", "20480101000000Z", "20490101000000Z", True),
    14444: ("payments.shop.svc", "20200101000000Z", "20490101000000Z", True),
    14445: ("localhost", "20200101000000Z", "20490101000000Z", False),
}
STATUSES = {"servfail": 2, "refused": 5}


def openssl(*arguments):
    subprocess.run(["openssl", *arguments], check=True, capture_output=True, cwd=FOLDER)


def make_certificates():
    os.makedirs(FOLDER)
    with open(f"{FOLDER}/ca.cnf", "w") as file:
        file.write("[ca]\ndefault_ca=d\n[d]\ndatabase=index.txt\nserial=serial\nnew_certs_dir=.\ndefault_md=sha256\npolicy=p\nunique_subject=no\n")
        file.write("[p]\ncommonName=supplied\n")
    open(f"{FOLDER}/index.txt", "w").close()
    with open(f"{FOLDER}/serial", "w") as file:
        file.write("01")
    openssl("req", "-x509", "-newkey", "rsa:2048", "-nodes", "-keyout", "ca.key", "-out", "ca.pem", "-days", "9000", "-subj", "/CN=test issuer")
    for port, (name, start, end, has_issuer) in CERTIFICATES.items():
        openssl("req", "-newkey", "rsa:2048", "-nodes", "-keyout", f"{port}.key", "-out", f"{port}.csr", "-subj", f"/CN={name}")
        with open(f"{FOLDER}/{port}.ext", "w") as file:
            file.write(f"subjectAltName=DNS:{name}\n")
        signer = ["-cert", "ca.pem", "-keyfile", "ca.key"] if has_issuer else ["-selfsign", "-keyfile", f"{port}.key"]
        dates = ["-startdate", start, "-enddate", end, "-extfile", f"{port}.ext"]
        openssl("ca", "-batch", "-config", "ca.cnf", "-notext", "-in", f"{port}.csr", "-out", f"{port}.pem", *signer, *dates)


class Web(socketserver.StreamRequestHandler):
    def handle(self):
        request = self.rfile.readline()
        self.wfile.write(b"HTTP/1.0 503 no\r\nContent-Length: 13\r\n\r\nthe db is off" if b"/ready" in request else b"HTTP/1.0 200 OK\r\n\r\n")


class TLSServer(socketserver.ThreadingTCPServer):
    allow_reuse_address = True
    daemon_threads = True

    def get_request(self):
        connection, address = super().get_request()
        context = ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER)
        port = self.server_address[1]
        context.load_cert_chain(f"{FOLDER}/{port}.pem", f"{FOLDER}/{port}.key")
        connection.settimeout(3)
        return context.wrap_socket(connection, server_side=True), address

    def handle_error(self, request, client_address):
        pass


class DNS(socketserver.BaseRequestHandler):
    """Answers by the first label: found, empty, servfail, refused or silent; of others it knows nothing."""

    def handle(self):
        query, connection = self.request
        question = query[12 : query.index(b"\0", 12) + 5]
        name = b".".join(read_labels(question)).decode()
        if name.startswith("silent"):
            return
        is_address = name == "found.shop" and question[-4:-2] == b"\0\1"
        status = STATUSES.get(name.split(".")[0], 0 if name in ("found.shop", "empty.shop") else 3)
        header = query[:2] + struct.pack(">5H", 0x8580 | status, 1, int(is_address), 0, 0)
        answer = b"\xc0\x0c" + struct.pack(">2HIH", 1, 1, 60, 4) + socket.inet_aton("192.0.2.53")
        connection.sendto(header + question + (answer if is_address else b""), self.client_address)


def read_labels(question):
    position = 0
    while question[position]:
        yield question[position + 1 : position + 1 + question[position]].lower()
        position += 1 + question[position]


def serve(server):
    threading.Thread(target=server.serve_forever, daemon=True).start()


make_certificates()
for tls_port in CERTIFICATES:
    serve(TLSServer(("127.0.0.1", tls_port), Web))
serve(socketserver.ThreadingTCPServer(("127.0.0.1", 18081), Web))
serve(socketserver.ThreadingUDPServer(("127.0.0.1", 53), DNS))
with open("/etc/ssl/certs/ca-certificates.crt", "a") as bundle, open(f"{FOLDER}/ca.pem") as issuer:
    bundle.write(issuer.read())
with open("/etc/resolv.conf", "w") as settings:
    settings.write("nameserver 127.0.0.1\nsearch a.svc.test b.test\noptions ndots:5 timeout:1 attempts:1\n")
print("ready", flush=True)
time.sleep(600)
