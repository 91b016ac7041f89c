// `npm run docs`: docs/demo.svg, from docs/demo.cast, which `npm run demo:record` makes.
import { readFile, writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { drawRecording } from './demo-svg.ts';

const docs = join(import.meta.dirname, '../../docs');
await writeFile(join(docs, 'demo.svg'), await drawRecording(await readFile(join(docs, 'demo.cast'), 'utf8')));
