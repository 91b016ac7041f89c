import { setTimeout as wait } from 'node:timers/promises';
import type { UserTerminal } from '../harness/user-terminal.ts';
import type { AsciicastEvent } from './asciicast.ts';
import { type Opening, sessionPrompt } from './cast-opening.ts';

// The pace is part of the show: it is a person's. What the terminal shows is waited for besides.
const keyMs = 60;
const readMs = 1500;
/** An agent may have to be started, and its image be pulled. */
const startLimitMs = 120_000;
const stepLimitMs = 20_000;

/** A command of the demo. */
export interface DemoStep {
  command: string;
  /** What is to be seen of it; without that it has failed. */
  shows: RegExp;
  /** What the shell that is there next asks with; usually the session's. */
  prompt?: RegExp;
}

/**
 * Types the command line that opens the session, into the user's shell.
 * @returns what the terminal showed of that.
 * @throws when the session's prompt does not come.
 */
export async function startDemoSession(terminal: UserTerminal, commandLine: string): Promise<Opening> {
  await terminal.waitFor(/\$ $/);
  const startedAt = performance.now();
  const getSeconds = () => (performance.now() - startedAt) / 1000;
  const events: AsciicastEvent[] = [[0, 'o', terminal.shown]];
  await wait(readMs);
  await typeText(terminal, commandLine, (shown) => events.push([getSeconds(), 'o', shown]));
  const offset = terminal.shown.length;
  terminal.press('\r');
  // What else follows Enter is the session's, of which there is its own recording.
  events.push([getSeconds(), 'o', '\r\n']);
  await terminal.waitFor(sessionPrompt, offset, startLimitMs);
  return { events, promptSeconds: getSeconds() };
}

/**
 * Types a command, and waits for what it shows and for the next prompt.
 * @throws when that is not there in time.
 */
export async function takeStep(
  terminal: UserTerminal,
  { command, shows, prompt = sessionPrompt }: DemoStep,
): Promise<void> {
  await typeText(terminal, command);
  const offset = terminal.shown.length;
  terminal.press('\r');
  await terminal.waitFor(new RegExp(`${shows.source}[^]*${prompt.source}`), offset, stepLimitMs);
}

/** Leaves a spectator the time to read. */
export async function waitToBeRead(): Promise<void> {
  await wait(readMs);
}

/** Presses key by key, each once the terminal has shown the one before. */
async function typeText(
  terminal: UserTerminal,
  text: string,
  onShown: (shown: string) => void = () => undefined,
): Promise<void> {
  for (const key of text) {
    const offset = terminal.shown.length;
    terminal.press(key);
    await wait(keyMs);
    await terminal.waitFor(/[^]/, offset);
    onShown(terminal.shown.slice(offset));
  }
}
