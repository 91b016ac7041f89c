import * as z from 'zod';
import { sessionTargetSchema } from './session-spec.ts';

/**
 * How a session ended.
 * - `exited`: the command ended by itself, `exitCode` is its own (128+n for a signal)
 * - `targetEnded`: the target's process ended and the kernel ended ours with it
 * - `memoryLimit`: the session's own memory limit ended a process of ours
 * - `deleted`: a client asked for it (`DELETE`), or the agent is about to exit
 * - `failed`: it could not be started, or not all of its output could be read; `message` says why
 */
export const sessionEndSchema = z.object({
  reason: z.enum(['exited', 'targetEnded', 'memoryLimit', 'deleted', 'failed']),
  exitCode: z.number().int().min(0).max(255),
  message: z.string().nullable(),
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
