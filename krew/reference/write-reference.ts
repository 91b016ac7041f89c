// `npm run docs`: docs/flags.md, from what the commands say of themselves.
import { writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { describeCommands } from './command-reference.ts';
import { formatFlagsPage } from './flags-page.ts';

const file = join(import.meta.dirname, '../../docs/flags.md');
await writeFile(file, formatFlagsPage(await describeCommands()));
