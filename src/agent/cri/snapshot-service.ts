import { Metadata } from '@grpc/grpc-js';
import { type Answer, type CallOptions, GrpcService } from './grpc-service.ts';

/** One mount of those that make a snapshot's file system: containerd's `types.Mount`. */
export interface SnapshotMount {
  type: string;
  source: string;
  options: string[];
}

/** containerd's namespace of all that the kubelet runs. */
const kubernetesNamespace = 'k8s.io';

interface SnapshotsClient {
  Mounts: (
    request: { snapshotter: string; key: string },
    metadata: Metadata,
    options: CallOptions,
    answer: Answer<{ mounts: SnapshotMount[] }>,
  ) => void;
}

/**
 * The one call of containerd's snapshot service that is used here: it only reads. The CRI has none for a container's files.
 * Field numbers: https://github.com/containerd/containerd/blob/v2.1.0/api/services/snapshots/v1/snapshots.proto
 */
const snapshots = new GrpcService<SnapshotsClient>('containerd.services.snapshots.v1.Snapshots', {
  nested: {
    containerd: {
      nested: {
        types: {
          nested: {
            Mount: {
              fields: {
                type: { type: 'string', id: 1 },
                source: { type: 'string', id: 2 },
                options: { rule: 'repeated', type: 'string', id: 4 },
              },
            },
          },
        },
        services: {
          nested: {
            snapshots: {
              nested: {
                v1: {
                  nested: {
                    Snapshots: {
                      methods: {
                        Mounts: { requestType: 'MountsRequest', responseType: 'MountsResponse' },
                      },
                    },
                    MountsRequest: {
                      fields: {
                        snapshotter: { type: 'string', id: 1 },
                        key: { type: 'string', id: 2 },
                      },
                    },
                    MountsResponse: {
                      fields: {
                        mounts: { rule: 'repeated', type: 'containerd.types.Mount', id: 1 },
                      },
                    },
                  },
                },
              },
            },
          },
        },
      },
    },
  },
});

/**
 * Asks containerd how a container's files would be mounted. Nothing is mounted by that.
 * @param socketPath containerd's unix socket, which is also that of its CRI.
 * @throws ServiceError of gRPC: NOT_FOUND when there is no such snapshot.
 */
export async function getSnapshotMounts(
  socketPath: string,
  snapshot: { snapshotter: string; key: string },
  timeoutMs: number,
): Promise<SnapshotMount[]> {
  const metadata = new Metadata();
  metadata.set('containerd-namespace', kubernetesNamespace);
  const { mounts } = await snapshots.call<{ mounts: SnapshotMount[] }>(
    socketPath,
    timeoutMs,
    (client, options, answer) => client.Mounts(snapshot, metadata, options, answer),
  );
  return mounts;
}
