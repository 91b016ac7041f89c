import * as z from 'zod';

/** As much of a session's ID as tells it from others. */
export const sessionIDSchema = z
  .string()
  .regex(/^[0-9a-f-]{4,36}$/i, 'that is no ID of a session: at least 4 of its characters');
