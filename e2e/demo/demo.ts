// `npm run demo`: the main job on a distroless target, on a cluster that is there or that this makes.
import { spawn } from 'node:child_process';
import { once } from 'node:events';
import { delimiter, join } from 'node:path';
import { parseArgs } from 'node:util';
import { buildImages } from '../../images/build.ts';
import { buildTargetImages } from '../targets/build.ts';
import { selectCluster } from './demo-cluster.ts';

const checkout = join(import.meta.dirname, '../..');
const target = ['pod/distroless', '-n', 'crashcart-demo'];

const { values } = parseArgs({ options: { context: { type: 'string' } } });
try {
  process.exitCode = await runDemo(values.context ?? null);
} catch (error) {
  console.error(`error: ${error instanceof Error ? error.message : String(error)}`);
  process.exitCode = 1;
}

async function runDemo(context: string | null): Promise<number> {
  const cluster = await selectCluster(context);
  const { agent } = await buildImages();
  const archives = await buildTargetImages();
  for (const archive of [agent.archive, ...archives]) await cluster.loadImage(archive);

  const env = {
    ...process.env,
    ...cluster.env,
    PATH: [join(checkout, 'plugin'), cluster.binaries, process.env['PATH']].filter(Boolean).join(delimiter),
  };
  const kubectl = (args: string[]) => run([...cluster.kubectlFlags, ...args], env, 2);
  // kubectl hands a plugin only what follows its name: the flags come after it.
  const crashcart = (args: string[]) =>
    run(['crashcart', ...target, ...cluster.kubectlFlags, '--create-namespace', ...args], env, 'inherit');

  await requireSuccess(
    'the target could not be made',
    kubectl(['apply', '-f', join(import.meta.dirname, 'target.yaml')]),
  );
  await requireSuccess(
    'the target does not run',
    kubectl(['wait', '--for=condition=Ready', ...target, '--timeout=60s']),
  );

  if (process.stdin.isTTY && process.stdout.isTTY) {
    console.error(
      '\nA shell in a container that has none: try ps, ip addr, strace -p 1, ls /target. Leave with exit.',
    );
    return crashcart([]);
  }
  const steps: [title: string, command: string[]][] = [
    ['the target’s processes', ['ps', 'ax']],
    ['its address', ['ip', '-brief', 'address']],
    ['system calls of its PID 1', ['sh', '-c', 'timeout --signal=INT 2 strace -p 1 2>&1; true']],
    ['its files', ['ls', '-l', '/target/']],
  ];
  for (const [title, command] of steps) {
    console.log(
      `\n# ${title}\n$ kubectl crashcart ${target.join(' ')} -- ${command.map(quoteWord).join(' ')}`,
    );
    await requireSuccess(`the demo failed at: ${title}`, crashcart(['--', ...command]));
  }
  return 0;
}

async function run(args: string[], env: NodeJS.ProcessEnv, stdout: 'inherit' | 2): Promise<number> {
  const child = spawn('kubectl', args, { env, stdio: ['inherit', stdout, 'inherit'] });
  const [code] = (await once(child, 'exit')) as [number | null];
  return code ?? 1;
}

/** As one would type it. */
function quoteWord(word: string): string {
  return /[^\w./=-]/.test(word) ? `'${word.replaceAll("'", String.raw`'\''`)}'` : word;
}

async function requireSuccess(message: string, code: Promise<number>): Promise<void> {
  if ((await code) !== 0) throw new Error(message);
}
