import { readFile } from 'node:fs/promises';
import type { IncomingMessage } from 'node:http';
import type { RequestOptions } from 'node:https';
import { load } from 'js-yaml';
import { z } from 'zod';
import { getTestedCluster } from '../harness/tested-cluster.ts';

const credentialsSchema = z.object({
  clusters: z.tuple([
    z.object({ cluster: z.object({ server: z.url(), 'certificate-authority-data': z.string() }) }),
  ]),
  users: z.tuple([
    z.object({ user: z.object({ 'client-certificate-data': z.string(), 'client-key-data': z.string() }) }),
  ]),
});

/** What a faulty server in front of the cluster's API server passes requests on with. */
export async function readAPIServer(): Promise<{ url: URL; options: RequestOptions }> {
  const { kubeconfig } = await getTestedCluster();
  const { clusters, users } = credentialsSchema.parse(load(await readFile(kubeconfig, 'utf8')));
  const decode = (text: string) => Buffer.from(text, 'base64');
  const { cluster } = clusters[0];
  const { user } = users[0];
  return {
    url: new URL(cluster.server),
    options: {
      ca: decode(cluster['certificate-authority-data']),
      cert: decode(user['client-certificate-data']),
      key: decode(user['client-key-data']),
    },
  };
}

/** Those of a request that is passed on, but the host: that is the real one's. */
export function copyHeaders({ headers }: IncomingMessage): Record<string, string | string[]> {
  return Object.fromEntries(
    Object.entries(headers).flatMap(([name, value]) =>
      name === 'host' || value === undefined ? [] : [[name, value]],
    ),
  );
}
