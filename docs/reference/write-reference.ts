// `npm run docs`: docs/flags.md, from what the commands say of themselves, and the schema of the configuration.
import { writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { describeCommands } from './command-reference.ts';
import { formatConfigSchema } from './config-schema.ts';
import { formatFlagsPage } from './flags-page.ts';

const docs = join(import.meta.dirname, '..');
await writeFile(join(docs, 'flags.md'), formatFlagsPage(await describeCommands()));
await writeFile(join(docs, 'config.schema.json'), formatConfigSchema());
