// `npm run demo:record`: makes docs/demo.cast on the tests' cluster; `npm run docs` draws docs/demo.svg of it.
import { mkdtemp, readFile, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { UserTerminal } from '../harness/user-terminal.ts';
import { prepareTestCluster } from '../test-cluster.ts';
import { type Asciicast, formatAsciicast, parseAsciicast } from './asciicast.ts';
import { prependOpening } from './cast-opening.ts';
import { type DemoStep, startDemoSession, takeStep, waitToBeRead } from './demo-session.ts';

const castFile = join(import.meta.dirname, '../../docs/demo.cast');
/** Where the session is recorded to; it is seen on the command line. */
const recordedFile = 'demo.cast';
const commandLine = `kubectl crashcart pod/distroless -n targets --record ${recordedFile}`;
/** Their output fits into 80 columns, and what they are to show has to be in it. */
const steps: DemoStep[] = [
  { command: 'ps -ef', shows: /\b1 .*\/server\r/ },
  { command: 'lsof -nPi', shows: /server .*:8080 \(LISTEN\)/ },
  { command: 'curl -s localhost:8080', shows: /hello/ },
  { command: 'ls /target/', shows: /server/ },
  { command: 'recipe syscalls -s 2', shows: /100\.00 .* total/ },
];

await prepareTestCluster();
const directory = await mkdtemp(join(tmpdir(), 'crashcart-demo-'));
try {
  await writeFile(castFile, formatAsciicast(await recordDemo()));
  console.error(`${castFile} is made; \`npm run docs\` draws it`);
} finally {
  await rm(directory, { recursive: true });
}

async function recordDemo(): Promise<Asciicast> {
  // The user's own shell; it keeps no history of the demo.
  const script = `cd '${directory}' && HISTFILE= PS1='$ ' exec bash --norc --noprofile`;
  const terminal = await UserTerminal.open(script, { columns: 80, rows: 24 });
  try {
    const opening = await startDemoSession(terminal, commandLine);
    await waitToBeRead();
    for (const step of steps) {
      await takeStep(terminal, step);
      await waitToBeRead();
    }
    await takeStep(terminal, { command: 'exit', shows: /logout/, prompt: /\$ $/ });
    const recording = await readFile(join(directory, recordedFile), 'utf8');
    return prependOpening(opening, parseAsciicast(recording));
  } finally {
    await terminal.close();
  }
}
