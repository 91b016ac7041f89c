import * as z from 'zod';
import type { Flags } from '../command-line/command.ts';

/** From which `-v` on steps are told; src/cluster/api/request-trace.ts has the levels of requests. */
export const stepLevel = 4;

export const verbosityFlag: Flags = {
  verbosity: {
    type: 'string',
    alias: 'v',
    describe: 'detail: 4 tells each step, 6 each request, 7 its headers, 8 the bodies, 9 all of them',
    group: 'Other:',
  },
};

const expected = 'it takes a number from 0 to 9';
export const verbositySchema = z.coerce.number(expected).int(expected).min(0, expected);
