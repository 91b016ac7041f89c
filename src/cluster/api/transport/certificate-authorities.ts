import { readdirSync, readFileSync, statSync } from 'node:fs';
import { delimiter, join } from 'node:path';
import { getCACertificates } from 'node:tls';

/** Where distributions keep all authorities in one file, as in https://go.dev/src/crypto/x509/root_linux.go. */
const bundleFiles = [
  '/etc/ssl/certs/ca-certificates.crt', // Debian, Alpine, Arch
  '/etc/pki/tls/certs/ca-bundle.crt', // Fedora, RHEL
  '/etc/ssl/ca-bundle.pem', // openSUSE
  '/etc/pki/ca-trust/extracted/pem/tls-ca-bundle.pem', // RHEL 7
  '/etc/ssl/cert.pem', // Alpine
];

/**
 * Reads the authorities that the machine trusts, for a kubeconfig that names none. SSL_CERT_FILE and SSL_CERT_DIR
 * replace them, as they do for kubectl (https://pkg.go.dev/crypto/x509#SystemCertPool).
 *
 * On Linux the files are read here: Node's own way (`tls.getCACertificates('system')`) takes 60 to 100 ms, and writes
 * on stderr that a folder is missing. On macOS and Windows only Node's way reads the system's key store.
 * @returns certificates in PEM; empty when there are none.
 */
export function readSystemAuthorities(
  environment: NodeJS.ProcessEnv,
  platform: NodeJS.Platform = process.platform,
): string[] {
  if (platform !== 'linux') return getCACertificates('system');
  const { SSL_CERT_FILE: file, SSL_CERT_DIR: directories } = environment;
  const bundle = (file ? [file] : bundleFiles).map(readText).find((text) => text !== null);
  const single = (directories ?? '').split(delimiter).flatMap(readFolder);
  return [bundle ?? '', ...single].filter((text) => text !== '');
}

function readFolder(directory: string): string[] {
  if (directory === '') return [];
  try {
    return readdirSync(directory).map((name) => readText(join(directory, name)) ?? '');
  } catch {
    return [];
  }
}

/** @returns null for what can't be read, as Go takes the next one then. A FIFO would never end. */
function readText(path: string): string | null {
  try {
    return statSync(path).isFile() ? readFileSync(path, 'utf8') : null;
  } catch {
    return null;
  }
}
