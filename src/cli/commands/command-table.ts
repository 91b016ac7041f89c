import type { Command } from '../command-line/command.ts';

/** A subcommand: what lists of commands tell of it, and where the rest is. */
export interface CommandEntry {
  summary: string;
  /** Loaded when it is called: what it imports would be part of every other command's start. */
  load: () => Promise<Command>;
}

/** The subcommands by name. What is none of them is a target, for sessionCommand. */
export const commandTable = new Map<string, CommandEntry>([
  [
    'sessions',
    {
      summary: 'list the sessions on all nodes',
      load: async () => (await import('./sessions/sessions-command.ts')).sessionsCommand,
    },
  ],
  [
    'attach',
    {
      summary: 'come back to a session, or watch it',
      load: async () => (await import('./sessions/attach-command.ts')).attachCommand,
    },
  ],
  [
    'stop',
    {
      summary: 'end sessions',
      load: async () => (await import('./sessions/stop-command.ts')).stopCommand,
    },
  ],
  [
    'clean',
    {
      summary: 'remove agents that are of no use any more',
      load: async () => (await import('./agents/clean-command.ts')).cleanCommand,
    },
  ],
  [
    'doctor',
    {
      summary: 'tell what of a session will work, and what will not',
      load: async () => (await import('./doctor/doctor-command.ts')).doctorCommand,
    },
  ],
  [
    'manifests',
    {
      summary: 'print what an administrator applies before the first use',
      load: async () => (await import('./manifests/manifests-command.ts')).manifestsCommand,
    },
  ],
  [
    'install',
    {
      summary: 'keep an agent on each node, so that no session waits for one',
      load: async () => (await import('./agents/install-command.ts')).installCommand,
    },
  ],
  [
    'uninstall',
    {
      summary: 'remove the agents that install keeps',
      load: async () => (await import('./agents/uninstall-command.ts')).uninstallCommand,
    },
  ],
  [
    'status',
    {
      summary: 'show the agents that install keeps, node by node',
      load: async () => (await import('./agents/status-command.ts')).statusCommand,
    },
  ],
  [
    'config',
    {
      summary: 'show what is configured, and check it',
      load: async () => (await import('./config-command.ts')).configCommand,
    },
  ],
  [
    'completion',
    {
      summary: 'complete commands by Tab, in kubectl or in a shell',
      load: async () => (await import('./completion/completion-command.ts')).completionCommand,
    },
  ],
  [
    'tools',
    {
      summary: 'list tools and recipes',
      load: async () => (await import('./tools-command.ts')).toolsCommand,
    },
  ],
  [
    'version',
    {
      summary: 'print the version',
      load: async () => (await import('./version-command.ts')).versionCommand,
    },
  ],
]);

/** Words that will be subcommands: no script shall come to rely on them as names of pods. */
export const plannedWords = ['cp', 'capture', 'forward'];

/** Whether a word is no target: a pod of such a name is reached as `pod/NAME`. */
export function isReservedWord(word: string): boolean {
  return word === 'help' || commandTable.has(word) || plannedWords.includes(word);
}
