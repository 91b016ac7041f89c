import { type Client, credentials, loadPackageDefinition, type ServiceError } from '@grpc/grpc-js';
import { fromJSON } from '@grpc/proto-loader';

/** ContainerState of the CRI, as its enum's names. */
export type ContainerState =
  'CONTAINER_CREATED' | 'CONTAINER_RUNNING' | 'CONTAINER_EXITED' | 'CONTAINER_UNKNOWN';

/** What we use of the CRI's `ContainerStatusResponse`. */
export interface ContainerStatusResponse {
  status: { id: string; state: ContainerState } | null;
  info: Record<string, string>;
}

/**
 * The part of the CRI's RuntimeService that is used here, read-only calls alone.
 * Field numbers: https://github.com/kubernetes/cri-api/blob/v0.37.2/pkg/apis/runtime/v1/api.proto
 */
const descriptor = {
  nested: {
    runtime: {
      nested: {
        v1: {
          nested: {
            RuntimeService: {
              methods: {
                ContainerStatus: {
                  requestType: 'ContainerStatusRequest',
                  responseType: 'ContainerStatusResponse',
                },
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
                state: { type: 'ContainerState', id: 3 },
              },
            },
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
};

type RuntimeServiceConstructor = new (address: string, ...rest: unknown[]) => RuntimeServiceClient;
/** Built from the descriptor once: that takes longer than a call. */
let RuntimeService: RuntimeServiceConstructor | null = null;

interface RuntimeServiceClient extends Client {
  ContainerStatus(
    request: { container_id: string; verbose: boolean },
    options: { deadline: number },
    callback: (error: ServiceError | null, response?: ContainerStatusResponse) => void,
  ): void;
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
  RuntimeService ??= loadRuntimeService();
  const client = new RuntimeService(`unix:${socketPath}`, credentials.createInsecure(), {
    // A proxy of the pod's environment must never see the runtime's socket.
    'grpc.enable_http_proxy': 0,
  });
  try {
    return await new Promise((resolve, reject) => {
      client.ContainerStatus(
        { container_id: containerID, verbose: true },
        { deadline: Date.now() + timeoutMs },
        (error, response) => {
          if (error) reject(error);
          else if (response) resolve(response);
          else reject(new Error('the runtime sent an empty answer'));
        },
      );
    });
  } finally {
    client.close();
  }
}

function loadRuntimeService(): RuntimeServiceConstructor {
  const definition = loadPackageDefinition(
    fromJSON(descriptor as Parameters<typeof fromJSON>[0], { keepCase: true, enums: String, defaults: true }),
  );
  return (definition['runtime'] as unknown as { v1: { RuntimeService: RuntimeServiceConstructor } }).v1
    .RuntimeService;
}
