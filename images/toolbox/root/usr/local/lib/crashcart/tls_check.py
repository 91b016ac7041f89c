"""Looks at the certificate of a TLS server: run without rights (drop-privileges), as it parses what others send.

Usage: tls_check.py HOST PORT LIMIT-SECONDS <CA-CERTIFICATES

Prints JSON: `version` of TLS, null where the server does not answer by TLS; `reason` of that; `subject`, `issuer` and
`names` of the certificate; `until`; `problems`, of which each is a sentence without its subject.
"""

import ipaddress
import json
import socket
import ssl
import subprocess
import sys
import time

DAY_SECONDS = 86_400
# X509_V_ERR_CERT_NOT_YET_VALID, X509_V_ERR_CERT_HAS_EXPIRED: of these the dates tell.
TIME_ERRORS = (9, 10)


def open_tls(host: str, port: int, limit: float, context: ssl.SSLContext) -> ssl.SSLSocket:
    connection = socket.create_connection((host, port), timeout=limit)
    try:
        return context.wrap_socket(connection, server_hostname=host)
    except BaseException:
        connection.close()
        raise


def make_context() -> ssl.SSLContext:
    context = ssl.SSLContext(ssl.PROTOCOL_TLS_CLIENT)
    # The name is checked by itself, so that each problem is told.
    context.check_hostname = False
    context.verify_mode = ssl.CERT_NONE
    return context


def read_certificate(pem: str, *options: str) -> str:
    done = subprocess.run(["openssl", "x509", "-noout", *options], input=pem, capture_output=True, text=True, timeout=5)
    return done.stdout.strip()


def read_field(pem: str, option: str) -> str:
    return read_certificate(pem, option, "-nameopt", "RFC2253,sep_comma_plus_space").partition("=")[2].strip()


def check_dates(pem: str) -> tuple[str, list[str]]:
    starts, ends = (ssl.cert_time_to_seconds(read_field(pem, option)) for option in ("-startdate", "-enddate"))
    now = time.time()
    until, since = (time.strftime("%Y-%m-%d %H:%M", time.gmtime(seconds)) for seconds in (ends, starts))
    if now > ends:
        return until, [f"expired {describe_time(now - ends)} ago, on {until} UTC"]
    if now < starts:
        return until, [f"is valid only in {describe_time(starts - now)}, from {since} UTC on"]
    return until, []


def describe_time(seconds: float) -> str:
    days = int(seconds // DAY_SECONDS)
    return f"{days} day{'' if days == 1 else 's'}" if days else f"{int(seconds // 60)} minutes"


def check_name(pem: str, host: str, names: list[str]) -> list[str]:
    try:
        ipaddress.ip_address(host)
        option = "-checkip"
    except ValueError:
        option = "-checkhost"
    if not names:
        return [f"has no subjectAltName, so that no client of today takes it for {host}"]
    if "does match" in read_certificate(pem, option, host):
        return []
    shown = ", ".join(names[:8]) + (f" and {len(names) - 8} more" if len(names) > 8 else "")
    return [f"is not for {host}, but for {shown}"]


def check_issuer(host: str, port: int, limit: float, trusted: str) -> list[str]:
    context = make_context()
    context.verify_mode = ssl.CERT_REQUIRED
    if trusted:
        context.load_verify_locations(cadata=trusted)
    try:
        open_tls(host, port, limit, context).close()
    except ssl.SSLCertVerificationError as error:
        if error.verify_code not in TIME_ERRORS:
            return [f"is not trusted: {error.verify_message}"]
        return ["has an issuer whose certificate is not valid at this time"]
    except OSError as error:
        return [f"could not be verified: {error}"]
    return []


def describe_failure(error: OSError) -> str:
    if isinstance(error, TimeoutError):
        return "no answer by TLS in time"
    # What speaks another protocol begins with other bytes.
    if isinstance(error, ssl.SSLError) and error.reason in ("WRONG_VERSION_NUMBER", "RECORD_LAYER_FAILURE"):
        return "the port answers, and not by TLS"
    return str(error)


def look_at(host: str, port: int, limit: float, trusted: str) -> dict:
    try:
        connection = open_tls(host, port, limit, make_context())
    except OSError as error:
        return {"version": None, "reason": describe_failure(error)}
    with connection:
        version = connection.version()
        pem = ssl.DER_cert_to_PEM_cert(connection.getpeercert(binary_form=True) or b"")
    listed = read_certificate(pem, "-ext", "subjectAltName").partition("\n")[2]
    names = [name.strip().partition(":")[2] for name in listed.split(",") if ":" in name]
    until, problems = check_dates(pem)
    has_expired = bool(problems)
    problems += check_name(pem, host, names)
    issuer_problems = check_issuer(host, port, limit, trusted)
    # What the dates have told already.
    if not (has_expired and issuer_problems and issuer_problems[0].startswith("has an issuer")):
        problems += issuer_problems
    fields = {"subject": read_field(pem, "-subject"), "issuer": read_field(pem, "-issuer"), "names": names}
    return {"version": version, "until": until, "problems": problems, **fields}


print(json.dumps(look_at(sys.argv[1], int(sys.argv[2]), float(sys.argv[3]), sys.stdin.read())))
