import * as z from 'zod';

/** An extra field of a user, as for kubectl: `KEY=VALUE`. The value may be empty, and may have further `=`. */
export const userExtraSchema = z.string().regex(/^[^=]+=/, 'it takes KEY=VALUE');
