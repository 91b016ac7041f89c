import * as z from 'zod';
import { createGroup } from '../command-line/option.ts';

const { defineOption } = createGroup('Other:');

/** From which `-v` on steps are told; src/cluster/api/request-trace.ts has the levels of requests. */
export const stepLevel = 4;

const expected = 'it takes a whole number, such as 6';

export const verbosityOption = defineOption({
  flag: 'verbosity',
  alias: 'v',
  describe: 'detail: 4 for each step, 6 each request, 7 its headers, 8 its bodies, 9 all of them',
  default: '0',
  schema: z.coerce.number(expected).int(expected).min(0, expected),
});
