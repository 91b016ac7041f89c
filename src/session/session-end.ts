import * as z from 'zod';

/**
 * How a session ended.
 * - `exited`: the command ended by itself, `exitCode` is its own (128+n for a signal)
 * - `targetEnded`: the target's process ended and the kernel ended ours with it
 * - `memoryLimit`: the session's own memory limit ended a process of ours
 * - `deleted`: somebody asked for it (`DELETE`), or the agent is going away
 * - `failed`: it could not be started; `message` says why
 */
export const sessionEndSchema = z.object({
  reason: z.enum(['exited', 'targetEnded', 'memoryLimit', 'deleted', 'failed']),
  exitCode: z.number().int().min(0).max(255),
  message: z.string().nullable(),
});
export type SessionEnd = z.infer<typeof sessionEndSchema>;

export const sessionStateSchema = z.object({
  id: z.uuid(),
  target: z.string(),
  command: z.array(z.string()).nullable(),
  state: z.enum(['starting', 'running', 'ended']),
  startedAt: z.iso.datetime(),
  end: sessionEndSchema.nullable(),
});
export type SessionState = z.infer<typeof sessionStateSchema>;
