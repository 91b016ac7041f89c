import * as z from 'zod';
import { Failure } from '../../../../failure/failure.ts';
import { parseJSON } from '../../../../session-api/connection/json-text.ts';
import { readAuthority } from '../../kubeconfig/cluster-authority.ts';
import type { ClusterEntry, ExecEntry } from '../../kubeconfig/kubeconfig-entries.ts';
import { checkCertificate, type ClientCertificate } from '../client-certificate.ts';

/** What a plugin has answered. */
export interface PluginAnswer {
  /** Bearer token; empty without. */
  token: string;
  certificate: ClientCertificate | null;
  /** Milliseconds since 1970; infinite when the plugin does not say. */
  expiresAt: number;
}

/** The reserved name of what a cluster's entry has for plugins. */
const configExtension = 'client.authentication.k8s.io/exec';

const answerSchema = z.object({ kind: z.literal('ExecCredential'), apiVersion: z.string() });
const text = z.string().nullish();
const statusSchema = z.object({
  status: z.object({
    expirationTimestamp: z.iso.datetime({ offset: true }).nullish(),
    token: text,
    clientCertificateData: text,
    clientKeyData: text,
  }),
});

/**
 * Makes the question to a plugin, for its environment.
 * (https://kubernetes.io/docs/reference/config-api/client-authentication.v1/)
 * @param interactive whether the plugin has the terminal.
 * @returns JSON.
 */
export function formatQuestion(exec: ExecEntry, interactive: boolean, cluster: ClusterEntry): string {
  return JSON.stringify({
    kind: 'ExecCredential',
    apiVersion: exec.apiVersion,
    spec: { ...(exec.provideClusterInfo && { cluster: describeCluster(cluster) }), interactive },
  });
}

/**
 * Reads what a plugin printed on stdout.
 * @param plugin for messages: `the credential plugin "aws"`.
 * @throws Failure `credentials`, which never quotes what was printed.
 */
export function parseAnswer(stdout: string, { apiVersion }: ExecEntry, plugin: string): PluginAnswer {
  const fail = (why: string): never => {
    throw new Failure('credentials', `${plugin} ${why}`);
  };
  if (stdout.trim() === '') fail('printed nothing');
  const json = parseJSON(stdout);
  if (json === null) fail('printed something that is not JSON');
  const answer = answerSchema.safeParse(json);
  if (!answer.success) return fail('printed something that is not an ExecCredential');
  if (answer.data.apiVersion !== apiVersion) fail(`answered in another API version than ${apiVersion}`);
  const parsed = statusSchema.safeParse(json);
  if (!parsed.success) {
    const places = parsed.error.issues.map(({ path }) => path.join('.'));
    return fail(`printed no credentials: this field is missing or of the wrong type: ${places.join(', ')}`);
  }
  const { status } = parsed.data;
  const { token, clientCertificateData: cert, clientKeyData: key } = status;
  if (!token && !cert && !key) fail('printed neither a token nor a certificate with its key');
  if (!cert !== !key)
    fail(`printed a ${cert ? 'certificate without its key' : 'key without its certificate'}`);
  return {
    token: (token ?? '').trim(),
    certificate: cert && key ? checkCertificate({ cert, key }, plugin, 'credentials') : null,
    expiresAt: status.expirationTimestamp ? Date.parse(status.expirationTimestamp) : Number.POSITIVE_INFINITY,
  };
}

function describeCluster(cluster: ClusterEntry): object {
  const config = cluster.extensions.find(({ name }) => name === configExtension)?.extension;
  const authority = readAuthority(cluster, 'the cluster');
  return {
    server: cluster.server,
    ...(cluster['tls-server-name'] !== '' && { 'tls-server-name': cluster['tls-server-name'] }),
    ...(cluster['insecure-skip-tls-verify'] && { 'insecure-skip-tls-verify': true }),
    ...(authority && { 'certificate-authority-data': authority.toString('base64') }),
    ...(cluster['proxy-url'] !== '' && { 'proxy-url': cluster['proxy-url'] }),
    ...(cluster['disable-compression'] && { 'disable-compression': true }),
    config: config ?? null,
  };
}
