import { BatchV1Api, KubeConfig, type V1Job, type V1Pod, Watch } from '@kubernetes/client-node';
import { type BenchCluster, benchNamespace } from './bench-cluster.ts';

const name = 'bare';
const limitMs = 60_000;

/** A privileged Job that does nothing: the least that an agent made for a session can cost. */
export interface BareJob {
  /** @returns the name of its pod, as soon as the API says that it runs. */
  create: () => Promise<string>;
  /** Waits until its pod is gone. */
  remove: () => Promise<void>;
}

/**
 * Prepares Jobs of the agent's image and in the agent's shape. They are made by a client that is loaded
 * already, without a process of kubectl's for each step: as cheap as it can be.
 */
export async function startBareJob(
  { kubeconfig, node, kubectl }: BenchCluster,
  image: string,
): Promise<BareJob> {
  const config = new KubeConfig();
  config.loadFromFile(kubeconfig);
  const api = config.makeApiClient(BatchV1Api);
  const body = describeJob(node, image);
  const remove = async () => {
    await kubectl(['delete', 'job', name, '--ignore-not-found', '--cascade=foreground', '--timeout=50s']);
  };
  await remove();
  return {
    remove,
    create: async () => {
      await api.createNamespacedJob({ namespace: benchNamespace, body });
      return await waitForRunningPod(config);
    },
  };
}

function describeJob(node: string, image: string): V1Job {
  return {
    metadata: { name },
    spec: {
      backoffLimit: 0,
      template: {
        spec: {
          nodeName: node,
          restartPolicy: 'Never',
          terminationGracePeriodSeconds: 1,
          hostPID: true,
          hostNetwork: true,
          automountServiceAccountToken: false,
          containers: [
            {
              name,
              image,
              command: ['sleep', 'infinity'],
              securityContext: { privileged: true },
            },
          ],
        },
      },
    },
  };
}

async function waitForRunningPod(config: KubeConfig): Promise<string> {
  const { promise, resolve, reject } = Promise.withResolvers<string>();
  const timer = setTimeout(() => reject(new Error('the bare Job does not run within 60 s')), limitMs);
  const path = `/api/v1/namespaces/${benchNamespace}/pods`;
  const onPod = (_type: string, { metadata, status }: V1Pod) => {
    if (status?.phase === 'Running') resolve(metadata?.name ?? '');
  };
  const onEnd = (error: unknown) => reject(new Error('the watch of the bare Job ended', { cause: error }));
  const watch = await new Watch(config).watch(path, { labelSelector: `job-name=${name}` }, onPod, onEnd);
  try {
    return await promise;
  } finally {
    clearTimeout(timer);
    watch.abort();
  }
}
