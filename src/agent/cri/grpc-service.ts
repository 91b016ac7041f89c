import { type Client, credentials, loadPackageDefinition, type ServiceError } from '@grpc/grpc-js';
import { fromJSON } from '@grpc/proto-loader';

/** How a call's answer comes. */
export type Answer<Response> = (error: ServiceError | null, response?: Response) => void;
/** Limits of one call. */
export interface CallOptions {
  deadline: number;
}

type Constructor<Service> = new (address: string, ...rest: unknown[]) => Service & Client;

/** A gRPC service behind a unix socket, as a descriptor in JSON has it (protobuf.js). */
export class GrpcService<Service> {
  readonly #descriptor: object;
  readonly #name: string;
  /** Built from the descriptor once, as building takes longer than a call. */
  #client: Constructor<Service> | null = null;

  /** @param name of the service, with its package. */
  constructor(name: string, descriptor: object) {
    this.#name = name;
    this.#descriptor = descriptor;
  }

  /**
   * Calls one of the service's methods.
   * @param timeoutMs limit of the whole call.
   * @throws ServiceError of gRPC.
   */
  async call<Response>(
    socketPath: string,
    timeoutMs: number,
    call: (client: Service, options: CallOptions, answer: Answer<Response>) => void,
  ): Promise<Response> {
    this.#client ??= this.#load();
    const client = new this.#client(`unix:${socketPath}`, credentials.createInsecure(), {
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

  #load(): Constructor<Service> {
    const definition = fromJSON(this.#descriptor, {
      ...{ keepCase: true, enums: String, defaults: true },
    });
    let found: unknown = loadPackageDefinition(definition);
    for (const part of this.#name.split('.')) found = (found as Record<string, unknown>)[part];
    return found as Constructor<Service>;
  }
}
