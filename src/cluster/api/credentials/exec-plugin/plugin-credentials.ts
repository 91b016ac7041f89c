import type { ClusterEntry, ExecEntry } from '../../kubeconfig/kubeconfig-entries.ts';
import type { PluginAnswer } from './exec-credential.ts';
import type { CredentialSource, Proof } from '../credential-source.ts';
import { runPlugin } from './exec-plugin.ts';
import type { PluginSurroundings } from './plugin-surroundings.ts';
import { SharedRun } from '../shared-run.ts';

/** Has a plugin's answer until it expires, or is refused. However many ask, the plugin runs once. */
export class PluginCredentials implements CredentialSource {
  readonly #exec: ExecEntry;
  readonly #cluster: ClusterEntry;
  readonly #surroundings: PluginSurroundings;
  readonly #run = new SharedRun<Proof>();
  #kept: { proof: Proof; expiresAt: number } | null = null;

  constructor(exec: ExecEntry, cluster: ClusterEntry, surroundings: PluginSurroundings) {
    this.#exec = exec;
    this.#cluster = cluster;
    this.#surroundings = surroundings;
  }

  /** @throws Failure `credentials`; the signal's reason. */
  async get(signal: AbortSignal): Promise<Proof> {
    if (this.#kept !== null && Date.now() <= this.#kept.expiresAt) return this.#kept.proof;
    return await this.#run.join(async (shared) => {
      const answer = await runPlugin(this.#exec, this.#cluster, this.#surroundings, shared);
      const proof = toProof(answer);
      this.#kept = { proof, expiresAt: answer.expiresAt };
      return proof;
    }, signal);
  }

  expire(): void {
    this.#kept = null;
  }
}

function toProof({ token, certificate }: PluginAnswer): Proof {
  return { authorization: token === '' ? null : `Bearer ${token}`, certificate };
}
