import { type Answer, type CallOptions, GrpcService } from './grpc-service.ts';

/** ContainerState of the CRI, as its enum's names. */
export type ContainerState =
  'CONTAINER_CREATED' | 'CONTAINER_RUNNING' | 'CONTAINER_EXITED' | 'CONTAINER_UNKNOWN';

/** What we use of the CRI's `ContainerStatusResponse`. */
export interface ContainerStatusResponse {
  status: {
    id: string;
    /** Null only where nothing is known of it. */
    metadata?: { name: string } | null;
    state: ContainerState;
    /** Its volumes, and the files that the kubelet makes for it. */
    mounts: { container_path: string; host_path: string }[];
    /** Of this run, on the node; empty when it has none. */
    log_path: string;
  } | null;
  info: Record<string, string>;
}

/** The CRI's `VersionResponse`. */
export interface VersionResponse {
  runtime_name: string;
  runtime_version: string;
  runtime_api_version: string;
}

/**
 * The part of the CRI's RuntimeService that is used here: calls that only read.
 * Field numbers: https://github.com/kubernetes/cri-api/blob/v0.37.2/pkg/apis/runtime/v1/api.proto
 */
const runtime = new GrpcService<RuntimeServiceClient>('runtime.v1.RuntimeService', {
  nested: {
    runtime: {
      nested: {
        v1: {
          nested: {
            RuntimeService: {
              methods: {
                Version: { requestType: 'VersionRequest', responseType: 'VersionResponse' },
                ContainerStatus: {
                  requestType: 'ContainerStatusRequest',
                  responseType: 'ContainerStatusResponse',
                },
              },
            },
            VersionRequest: { fields: { version: { type: 'string', id: 1 } } },
            VersionResponse: {
              fields: {
                version: { type: 'string', id: 1 },
                runtime_name: { type: 'string', id: 2 },
                runtime_version: { type: 'string', id: 3 },
                runtime_api_version: { type: 'string', id: 4 },
              },
            },
            ContainerStatusRequest: {
              fields: {
                container_id: { type: 'string', id: 1 },
                verbose: { type: 'bool', id: 2 },
              },
            },
            ContainerStatusResponse: {
              fields: {
                status: { type: 'ContainerStatus', id: 1 },
                info: { keyType: 'string', type: 'string', id: 2 },
              },
            },
            ContainerStatus: {
              fields: {
                id: { type: 'string', id: 1 },
                metadata: { type: 'ContainerMetadata', id: 2 },
                state: { type: 'ContainerState', id: 3 },
                mounts: { rule: 'repeated', type: 'Mount', id: 14 },
                log_path: { type: 'string', id: 15 },
              },
            },
            Mount: {
              fields: {
                container_path: { type: 'string', id: 1 },
                host_path: { type: 'string', id: 2 },
              },
            },
            ContainerMetadata: { fields: { name: { type: 'string', id: 1 } } },
            ContainerState: {
              values: {
                CONTAINER_CREATED: 0,
                CONTAINER_RUNNING: 1,
                CONTAINER_EXITED: 2,
                CONTAINER_UNKNOWN: 3,
              },
            },
          },
        },
      },
    },
  },
});

type Call<Request, Response> = (request: Request, options: CallOptions, answer: Answer<Response>) => void;

interface RuntimeServiceClient {
  Version: Call<{ version: string }, VersionResponse>;
  ContainerStatus: Call<{ container_id: string; verbose: boolean }, ContainerStatusResponse>;
}

/**
 * Asks a CRI runtime what it is.
 * @param socketPath the runtime's unix socket.
 * @param timeoutMs limit of the whole call.
 * @throws ServiceError of gRPC.
 */
export async function getRuntimeVersion(socketPath: string, timeoutMs: number): Promise<VersionResponse> {
  return await runtime.call<VersionResponse>(socketPath, timeoutMs, (client, options, answer) =>
    client.Version({ version: 'v1' }, options, answer),
  );
}

/**
 * Asks a CRI runtime for a container's status, with the runtime's own details (`verbose`).
 * @param socketPath the runtime's unix socket.
 * @param containerID without its scheme.
 * @param timeoutMs limit of the whole call.
 * @throws ServiceError of gRPC: NOT_FOUND when the runtime does not know the container.
 */
export async function getContainerStatus(
  socketPath: string,
  containerID: string,
  timeoutMs: number,
): Promise<ContainerStatusResponse> {
  return await runtime.call<ContainerStatusResponse>(socketPath, timeoutMs, (client, options, answer) =>
    client.ContainerStatus({ container_id: containerID, verbose: true }, options, answer),
  );
}
