"""The certificates of the issuers that a target trusts: those of its own files, else those of the toolbox."""

import functools
import os
import stat

from bounded_calls import run_bounded
from target_files import open_path

MOST_BYTES = 4 << 20
ANSWER_LIMIT_SECONDS = 3
# Where distributions have them: https://go.dev/src/crypto/x509/root_linux.go
BUNDLES = (
    "/etc/ssl/certs/ca-certificates.crt",
    "/etc/pki/tls/certs/ca-bundle.crt",
    "/etc/ssl/ca-bundle.pem",
    "/etc/pki/tls/cacert.pem",
    "/etc/ssl/cert.pem",
)
SERVICE_ACCOUNT = "/var/run/secrets/kubernetes.io/serviceaccount/ca.crt"
TOOLBOX = "/etc/ssl/certs/ca-certificates.crt"


def read_regular(pid: str, path: str) -> str:
    descriptor = open_path(f"/proc/{pid}/root", path)
    facts = os.fstat(descriptor)
    if not stat.S_ISREG(facts.st_mode) or facts.st_size > MOST_BYTES:
        raise OSError(0, "it is not a file of certificates", path)
    with open(f"/proc/self/fd/{descriptor}", encoding="ascii", errors="replace") as file:
        return file.read(MOST_BYTES)


def read_trusted(pid: str, is_cluster: bool) -> tuple[str, str]:
    """Returns certificates and whose they are. `is_cluster`: for the cluster's API, which has an issuer of its own."""
    paths = (SERVICE_ACCOUNT,) if is_cluster else BUNDLES
    for path in paths:
        (text,) = run_bounded([functools.partial(read_regular, pid, path)], ANSWER_LIMIT_SECONDS)
        if isinstance(text, str) and "BEGIN CERTIFICATE" in text:
            return text, f"the target's {path}"
    if is_cluster:
        return "", "nothing: the target has no service account's ca.crt"
    with open(TOOLBOX) as file:
        return file.read(), "the toolbox's certificates, as the target has none"
