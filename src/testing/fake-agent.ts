import { randomUUID } from 'node:crypto';
import type { Http2Server } from 'node:http2';
import { type Duplex, duplexPair } from 'node:stream';
import { requestHandlers, type RequestHandlers } from '../agent/http/request-handlers.ts';
import { createSessionServer } from '../agent/http/server.ts';
import { AuditLog } from '../agent/sessions/audit-log.ts';
import type { PrepareProcess } from '../agent/sessions/command-process.ts';
import { SessionRegistry } from '../agent/sessions/session-registry.ts';
import { type AgentStream, type ConnectionMode, SessionClient } from '../cluster/session/session-client.ts';
import { Failure } from '../failure/failure.ts';
import { type SessionSpec, sessionSpecSchema } from '../session-api/session-spec.ts';
import { FakeProcess } from './fake-process.ts';

export interface FakeAgentOptions {
  /** How many sessions may run at once; without it, as many as are asked for. */
  maxSessions?: number;
  /** In place of making a {@link FakeProcess} at once. */
  prepareProcess?: PrepareProcess;
  /** Answers in place of the real ones, for what a real agent never does. */
  handlers?: Partial<RequestHandlers>;
}

/**
 * An agent in the test's own process: the real server and the real sessions. Only the processes are fake
 * ({@link FakeProcess}). The real client reaches it over a pair of streams.
 */
export class FakeAgent {
  readonly registry: SessionRegistry;
  readonly server: Http2Server;
  /** The requests that have come, as `METHOD path`. */
  readonly requests: string[] = [];
  /** What the audit log has, one entry a line. */
  readonly audit: Record<string, unknown>[] = [];
  readonly #processes = new Map<string, FakeProcess>();
  readonly #tunnels: AgentStream[] = [];

  constructor(options: FakeAgentOptions = {}) {
    const auditLog = new AuditLog((line) => {
      this.audit.push(JSON.parse(line) as Record<string, unknown>);
    });
    this.registry = new SessionRegistry({
      idleMs: null,
      maxSessions: options.maxSessions ?? Infinity,
      line: { enter: () => Promise.resolve() },
      auditLog,
      prepareProcess: options.prepareProcess ?? ((id, spec) => Promise.resolve(this.makeProcess(id, spec))),
      onIdle: () => undefined,
    });
    this.server = createSessionServer(
      { node: 'node-1', registry: this.registry, auditLog },
      { ...requestHandlers, ...options.handlers },
    );
    this.server.on('stream', (_stream, headers) => {
      this.requests.push(`${headers[':method']} ${headers[':path']}`);
    });
  }

  connect(mode: ConnectionMode = 'bulk'): { client: SessionClient; tunnel: AgentStream } {
    const [ours, theirs] = duplexPair();
    ours.on('error', () => undefined);
    const tunnel: AgentStream = Object.assign(ours, {
      receivedBytes: 0,
      relayBytes: 0,
      abandon: (why: string) => void ours.destroy(new Error(why)),
    });
    this.#tunnels.push(tunnel);
    this.accept(theirs);
    return { client: new SessionClient(tunnel, mode), tunnel };
  }

  /** Takes the agent's end of a connection. */
  accept(connection: Duplex): void {
    connection.on('error', () => undefined);
    this.server.emit('connection', connection);
  }

  /** For a test's own `prepareProcess`. */
  makeProcess(id: string, spec: SessionSpec): FakeProcess {
    const process = new FakeProcess(spec);
    this.#processes.set(id, process);
    return process;
  }

  /** @returns the process of a session. @throws Error when there is none. */
  process(id: string): FakeProcess {
    const process = this.#processes.get(id);
    if (!process) throw new Error(`no process of a session ${id}`);
    return process;
  }

  /** Starts a session that no client has asked for over a connection. @returns its process. */
  async addSession(id: string, changes: Partial<SessionSpec> = {}): Promise<FakeProcess> {
    const { signal } = new AbortController();
    await this.registry.start(id, () => Promise.resolve(createSpec(changes)), signal);
    return this.process(id);
  }

  /** Cuts the connections of all clients. */
  cut(): void {
    for (const tunnel of this.#tunnels.splice(0))
      tunnel.destroy(new Failure('tunnelFailed', 'the tunnel is gone'));
  }

  /** Ends all sessions and connections. */
  async close(): Promise<void> {
    await this.registry.close('the test is over');
    this.cut();
  }
}

/** Describes a session of a node's shell, without a terminal or stdin, but for the changes. */
export function createSpec(changes: Partial<SessionSpec> = {}): SessionSpec {
  const spec = sessionSpecSchema.parse({
    target: { kind: 'node', node: 'node-1' },
    ...{ command: ['true'], terminal: null, stdin: false, client: randomUUID() },
    ...{ graceSeconds: 60, keepSeconds: null, outputBufferBytes: 1024 * 1024 },
    audit: { claimedUser: null, tunnelID: randomUUID(), reason: null },
  });
  return { ...spec, ...changes };
}
