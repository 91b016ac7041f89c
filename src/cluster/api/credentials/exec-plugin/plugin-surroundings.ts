/** Runs a function while another program has the terminal. */
export type LendTerminal = <Result>(use: () => Promise<Result>) => Promise<Result>;

/** What a credential plugin gets of this process. */
export interface PluginSurroundings {
  environment: NodeJS.ProcessEnv;
  /** null where stdin is not a terminal: nobody can answer a plugin then. */
  lendTerminal: LendTerminal | null;
  /** Gets what the plugin prints on stderr, as it comes; with a descriptor, the plugin itself writes there. */
  stderr: { fd?: number; write(chunk: Uint8Array): unknown };
}
