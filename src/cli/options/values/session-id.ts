import * as z from 'zod';

/** A session's ID, or enough of its first characters to tell it from others. */
export const sessionIDSchema = z
  .string()
  .regex(/^[0-9a-f-]{4,36}$/i, 'not a session ID: give at least its first 4 characters');
