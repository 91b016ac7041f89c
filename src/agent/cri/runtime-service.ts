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
const descriptor = {
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
/** Built from the descriptor once, as building takes longer than a call. */
let RuntimeService: RuntimeServiceConstructor | null = null;

type Call<Request, Response> = (
  request: Request,
  options: { deadline: number },
  callback: (error: ServiceError | null, response?: Response) => void,
) => void;

interface RuntimeServiceClient extends Client {
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
  return await callRuntime<VersionResponse>(socketPath, timeoutMs, (client, options, callback) =>
    client.Version({ version: 'v1' }, options, callback),
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
  return await callRuntime<ContainerStatusResponse>(socketPath, timeoutMs, (client, options, callback) =>
    client.ContainerStatus({ container_id: containerID, verbose: true }, options, callback),
  );
}

async function callRuntime<Response>(
  socketPath: string,
  timeoutMs: number,
  call: (
    client: RuntimeServiceClient,
    options: { deadline: number },
    callback: (error: ServiceError | null, response?: Response) => void,
  ) => void,
): Promise<Response> {
  RuntimeService ??= loadRuntimeService();
  const client = new RuntimeService(`unix:${socketPath}`, credentials.createInsecure(), {
    // A proxy of the pod's environment must never see the runtime's socket.
    'grpc.enable_http_proxy': 0,
  });
  try {
    return await new Promise((resolve, reject) => {
      call(client, { deadline: Date.now() + timeoutMs }, (error, response) => {
        if (error) reject(error);
        else if (response) resolve(response);
        else reject(new Error('the runtime sent an empty answer'));
      });
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
