import * as z from 'zod';
import { maxTimeLimitSeconds } from './time-limit.ts';

/** How long a container is held when nothing else is said, and at most. */
export const defaultHoldSeconds = 90;
export const maxHoldSeconds = 600;

/** Has a session hold the next start of its container, and enter that. */
export const catchRequestSchema = z.object({
  /** The pod's UID as the kubelet knows the pod: that of a static pod is another one than its mirror's. */
  podUID: z.string().regex(/^[0-9a-zA-Z-]{1,64}$/),
  /** How long the start is waited for. */
  waitSeconds: z.number().int().min(1).max(maxTimeLimitSeconds),
  /** How long the container is held at most, from its start on. */
  holdSeconds: z.number().int().min(1).max(maxHoldSeconds),
  /**
   * Where: `execve` before the runtime's init executes the program, for a tool that is to see that call; `program`
   * after it, before the program's first instruction.
   */
  at: z.enum(['execve', 'program']),
});
export type CatchRequest = z.infer<typeof catchRequestSchema>;
