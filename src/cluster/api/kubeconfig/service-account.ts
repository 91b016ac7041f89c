import { existsSync, readFileSync } from 'node:fs';
import type { Kubeconfig } from './kubeconfig-file.ts';

const name = 'in-cluster';

/**
 * Says what a kubeconfig would say for the service account of the pod that this program runs in.
 * (https://kubernetes.io/docs/tasks/run-application/access-api-from-pod/)
 * @param folder of the service account.
 * @returns null outside a pod, or in a pod without a token.
 */
export function describeServiceAccount(
  environment: NodeJS.ProcessEnv,
  folder = '/var/run/secrets/kubernetes.io/serviceaccount',
): Kubeconfig | null {
  const { KUBERNETES_SERVICE_HOST: host, KUBERNETES_SERVICE_PORT: port } = environment;
  const tokenFile = `${folder}/token`;
  if (!host || !port || !existsSync(tokenFile)) return null;
  const server = `https://${host.includes(':') ? `[${host}]` : host}:${port}`;
  const cluster = { server, 'certificate-authority': `${folder}/ca.crt` };
  const context = { cluster: name, user: name, namespace: readNamespace(`${folder}/namespace`) };
  return {
    contexts: [{ name, fields: context, file: folder }],
    clusters: [{ name, fields: cluster, file: folder }],
    users: [{ name, fields: { tokenFile }, file: folder }],
    currentContext: name,
  };
}

function readNamespace(file: string): string {
  try {
    return readFileSync(file, 'utf8').trim();
  } catch {
    return '';
  }
}
