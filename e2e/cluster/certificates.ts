import { mkdir, readFile, writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { apiServer, bridge } from './cluster-layout.ts';
import { runCommand } from '../../images/machine/run-command.ts';

/** Who a certificate is for: Kubernetes reads the user from CN and the groups from O. */
interface Subject {
  name: string;
  user: string;
  group: string;
  addresses?: string[];
}

const validDays = '365';
const keyArguments = ['-newkey', 'ec', '-pkeyopt', 'ec_paramgen_curve:prime256v1', '-nodes'];

/** Makes the cluster's CA, the keys of its service accounts, and the certificates of the control plane. */
export async function createControlPlaneCertificates(pki: string): Promise<void> {
  await mkdir(pki, { recursive: true, mode: 0o700 });
  const authority = ['-keyout', join(pki, 'ca.key'), '-out', join(pki, 'ca.crt'), '-days', validDays];
  await runCommand('openssl', ['req', '-x509', ...keyArguments, ...authority, '-subj', '/CN=crashcart']);
  await runCommand('openssl', ['genrsa', '-out', join(pki, 'service-accounts.key'), '2048']);
  const addresses = [`IP:${bridge.address}`, 'DNS:localhost', 'DNS:kubernetes.default.svc'];
  await Promise.all([
    createCertificate(pki, { name: 'apiserver', user: 'kube-apiserver', group: 'crashcart', addresses }),
    createCertificate(pki, { name: 'admin', user: 'admin', group: 'system:masters' }),
    createCertificate(pki, {
      name: 'controller-manager',
      user: 'system:kube-controller-manager',
      group: 'crashcart',
    }),
    createCertificate(pki, { name: 'scheduler', user: 'system:kube-scheduler', group: 'crashcart' }),
  ]);
}

/** Makes NAME.key and NAME.crt, signed by the cluster's CA. */
export async function createCertificate(pki: string, subject: Subject): Promise<void> {
  const file = (ending: string) => join(pki, `${subject.name}.${ending}`);
  const name = ['-subj', `/O=${subject.group}/CN=${subject.user}`];
  await runCommand('openssl', ['req', ...keyArguments, '-keyout', file('key'), '-out', file('csr'), ...name]);
  const names = (subject.addresses ?? [`DNS:${subject.name}`]).join(',');
  await writeFile(file('ext'), `subjectAltName=${names}\n`);
  // A serial number of its own each: certificates are made at the same time.
  const serial = ['-set_serial', `0x${crypto.randomUUID().replaceAll('-', '').slice(1)}`];
  const authority = ['-CA', join(pki, 'ca.crt'), '-CAkey', join(pki, 'ca.key'), ...serial];
  const output = ['-in', file('csr'), '-out', file('crt'), '-days', validDays, '-extfile', file('ext')];
  await runCommand('openssl', ['x509', '-req', ...authority, ...output]);
}

/** Writes a kubeconfig that holds the certificates themselves, so that it can be copied. */
export async function writeKubeconfig(pki: string, name: string, path: string): Promise<void> {
  const read = (file: string) => readFile(join(pki, file), 'base64');
  const cluster = { server: apiServer, 'certificate-authority-data': await read('ca.crt') };
  const user = {
    'client-certificate-data': await read(`${name}.crt`),
    'client-key-data': await read(`${name}.key`),
  };
  const kubeconfig = {
    apiVersion: 'v1',
    kind: 'Config',
    clusters: [{ name: 'crashcart', cluster }],
    users: [{ name, user }],
    contexts: [{ name: 'crashcart', context: { cluster: 'crashcart', user: name } }],
    'current-context': 'crashcart',
  };
  await writeFile(path, `${JSON.stringify(kubeconfig, null, 2)}\n`, { mode: 0o600 });
}
