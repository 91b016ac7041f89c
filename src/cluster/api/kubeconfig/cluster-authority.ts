import { X509Certificate } from 'node:crypto';
import { Failure } from '../../../failure/failure.ts';
import { readDataField } from './entry-data.ts';
import type { ClusterEntry } from './kubeconfig-entries.ts';

/**
 * Reads the certificates that a cluster's entry trusts.
 * @param owner the entry, for messages: `the cluster "lab"`.
 * @returns PEM; null when the entry names none.
 * @throws Failure `configuration` for data that is not base64 or has no certificate.
 */
export function readAuthority(cluster: ClusterEntry, owner: string): Buffer | null {
  const field = 'certificate-authority';
  const { [field]: path, [`${field}-data`]: data } = cluster;
  const authority = readDataField({ owner, field, data, path });
  if (authority === null) return null;
  try {
    new X509Certificate(authority);
  } catch {
    const name = path === '' ? `${field}-data of ${owner}` : `${path}, ${field} of ${owner},`;
    throw new Failure('configuration', `${name} has no certificate in PEM`);
  }
  return authority;
}
