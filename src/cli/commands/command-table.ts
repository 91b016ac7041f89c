import type { Command } from '../command-line/command.ts';

/** A subcommand: its line in lists of commands, and where its definition is. */
export interface CommandEntry {
  summary: string;
  /** Loaded only when it is called: its imports would slow down every other command. */
  load: () => Promise<Command>;
}

const commands: Record<string, CommandEntry> = {
  sessions: {
    summary: 'list the sessions on all nodes',
    load: async () => (await import('./sessions/sessions-command.ts')).sessionsCommand,
  },
  attach: {
    summary: 'come back to a session, or watch it',
    load: async () => (await import('./sessions/attach-command.ts')).attachCommand,
  },
  stop: {
    summary: 'end sessions',
    load: async () => (await import('./sessions/stop-command.ts')).stopCommand,
  },
  clean: {
    summary: 'remove agents that are not needed',
    load: async () => (await import('./agents/clean-command.ts')).cleanCommand,
  },
  capture: {
    summary: 'capture the packets of pods and nodes, in one file',
    load: async () => (await import('./capture/capture-command.ts')).captureCommand,
  },
  cp: {
    summary: 'copy files from a container, or into one',
    load: async () => (await import('./copy/copy-command.ts')).copyCommand,
  },
  forward: {
    summary: 'forward ports to what a pod can reach, and back',
    load: async () => (await import('./forward/forward-command.ts')).forwardCommand,
  },
  doctor: {
    summary: 'check whether sessions will work, and how to fix what fails',
    load: async () => (await import('./doctor/doctor-command.ts')).doctorCommand,
  },
  why: {
    summary: 'tell why a pod does not run, or ended, and what to run next',
    load: async () => (await import('./why/why-command.ts')).whyCommand,
  },
  manifests: {
    summary: 'print what an administrator applies before the first use',
    load: async () => (await import('./manifests/manifests-command.ts')).manifestsCommand,
  },
  install: {
    summary: 'keep an agent on each node, so that sessions start at once',
    load: async () => (await import('./agents/install-command.ts')).installCommand,
  },
  uninstall: {
    summary: 'remove the agents that install keeps',
    load: async () => (await import('./agents/uninstall-command.ts')).uninstallCommand,
  },
  status: {
    summary: 'show the agents that install keeps, node by node',
    load: async () => (await import('./agents/status-command.ts')).statusCommand,
  },
  config: {
    summary: 'show and check the configuration',
    load: async () => (await import('./config-command.ts')).configCommand,
  },
  completion: {
    summary: 'complete commands by Tab, in kubectl or in a shell',
    load: async () => (await import('./completion/completion-command.ts')).completionCommand,
  },
  tools: {
    summary: 'list tools and recipes',
    load: async () => (await import('./tools-command.ts')).toolsCommand,
  },
  version: {
    summary: 'print the version',
    load: async () => (await import('./version-command.ts')).versionCommand,
  },
};

/** The subcommands by name. Any other word is a target, for sessionCommand. */
export const commandTable = new Map(Object.entries(commands));

/** Whether a word is not a target: a pod of such a name is reached as `pod/NAME`. */
export function isReservedWord(word: string): boolean {
  return word === 'help' || commandTable.has(word);
}
