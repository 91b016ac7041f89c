import * as z from 'zod';
import { sessionTargetSchema } from './session-spec.ts';

/** Processes that are named at the end of a session, at most. */
export const maxLeftProcesses = 20;

/** A process that could not be ended: it waits in the kernel, uninterruptibly. The kernel ends it after that wait. */
export const leftProcessSchema = z.object({
  /** On the node. */
  pid: z.number().int(),
  /** As the kernel has it, at most 15 bytes: the target may have chosen it. */
  name: z.string(),
});
export type LeftProcess = z.infer<typeof leftProcessSchema>;

/**
 * How a session ended.
 * - `exited`: the command ended by itself, `exitCode` is its own (128+n for a signal)
 * - `targetEnded`: the target's process ended and the kernel ended ours with it
 * - `memoryLimit`: the kernel killed the command for the session's memory limit; of other processes `warnings` tells
 * - `deleted`: a client asked for it (`DELETE`), or the agent is about to exit
 * - `failed`: it could not be started, or not all of its output could be read; `message` says why
 */
export const sessionEndSchema = z.object({
  reason: z.enum(['exited', 'targetEnded', 'memoryLimit', 'deleted', 'failed']),
  exitCode: z.number().int().min(0).max(255),
  message: z.string().nullable(),
  /** What else a user has to know of the end: whatever was killed, and not by its own command. */
  warnings: z.array(z.string()).default([]),
  /** What could not be ended, at most {@link maxLeftProcesses}: empty when nothing runs any longer. */
  leftProcesses: z.array(leftProcessSchema).default([]),
});
export type SessionEnd = z.infer<typeof sessionEndSchema>;

export const sessionStateSchema = z.object({
  id: z.uuid(),
  target: sessionTargetSchema,
  command: z.array(z.string()).nullable(),
  state: z.enum(['running', 'ended']),
  startedAt: z.iso.datetime(),
  endedAt: z.iso.datetime().nullable(),
  end: sessionEndSchema.nullable(),
  claimedUser: z.string().nullable(),
  reason: z.string().nullable(),
  hasTerminal: z.boolean(),
  hasStdin: z.boolean(),
  outputBufferBytes: z.number().int(),
  /** Of the client that holds it, not the ID that it is known by: null when it is detached, or has lost its client. */
  holder: z.uuid().nullable(),
  /** Connections that read its output now. */
  clients: z.number().int().min(0),
  /** When the session ends unless a client comes; null while its holder is connected, and when it has ended. */
  expiresAt: z.iso.datetime().nullable(),
  /** Whether the session was detached, has ended, and no client has read how. Older agents do not send this. */
  isEndAwaited: z.boolean().default(false),
  /** What the session lacks of what was asked for, in sentences. Older agents do not send this. */
  warnings: z.array(z.string()).default([]),
});
export type SessionState = z.infer<typeof sessionStateSchema>;
