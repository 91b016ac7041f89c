import { runCommand } from '../../images/machine/run-command.ts';

const name = 'crashcart-client';
const ourLink = 'crashcart-cl0';
const theirLink = 'crashcart-cl1';
/** Of a network that nothing else uses, and that leads nowhere but to this machine. */
const ourAddress = '10.79.0.1';
const theirAddress = '10.79.0.2';

/** A network of its own for a client, whose link to the API server can fail as real ones do. */
export interface ClientNetwork {
  /** What to run a program by, so that it is in there. */
  via: string[];
  /** Every packet is lost, both ways, and nobody is told. */
  loseEverything(): Promise<void>;
  restore(): Promise<void>;
  /** Limits the link, both ways. */
  limitRate(bytesPerSecond: number): Promise<void>;
  remove(): Promise<void>;
}

export async function createClientNetwork(): Promise<ClientNetwork> {
  await removeNetwork();
  await run('ip', 'netns', 'add', name);
  const there = ['ip', 'netns', 'exec', name] as const;
  await run('ip', 'link', 'add', ourLink, 'type', 'veth', 'peer', 'name', theirLink, 'netns', name);
  await run('ip', 'address', 'add', `${ourAddress}/30`, 'dev', ourLink);
  await run('ip', 'link', 'set', ourLink, 'up');
  await run(...there, 'ip', 'link', 'set', 'lo', 'up');
  await run(...there, 'ip', 'address', 'add', `${theirAddress}/30`, 'dev', theirLink);
  await run(...there, 'ip', 'link', 'set', theirLink, 'up');
  await run(...there, 'ip', 'route', 'add', 'default', 'via', ourAddress);
  const drop = [
    ['INPUT', '-i'],
    ['OUTPUT', '-o'],
  ] as const;
  return {
    via: [...there],
    // Dropped, not a link that is down: the client's kernel would tell its programs of that.
    loseEverything: async () => {
      for (const [chain, side] of drop) await run('iptables', '-I', chain, side, ourLink, '-j', 'DROP');
    },
    restore: async () => {
      for (const [chain, side] of drop) await run('iptables', '-D', chain, side, ourLink, '-j', 'DROP');
    },
    limitRate: async (bytesPerSecond) => {
      const limit = ['root', 'tbf', 'rate', `${bytesPerSecond * 8}bit`, 'burst', '32kb', 'latency', '200ms'];
      await run('tc', 'qdisc', 'replace', 'dev', ourLink, ...limit);
      await run(...there, 'tc', 'qdisc', 'replace', 'dev', theirLink, ...limit);
    },
    remove: removeNetwork,
  };
}

async function removeNetwork(): Promise<void> {
  for (const [chain, side] of [
    ['INPUT', '-i'],
    ['OUTPUT', '-o'],
  ] as const) {
    await run('iptables', '-D', chain, side, ourLink, '-j', 'DROP').catch(() => undefined);
  }
  // The link goes with it.
  await run('ip', 'netns', 'delete', name).catch(() => undefined);
  await run('ip', 'link', 'delete', ourLink).catch(() => undefined);
}

async function run(program: string, ...args: string[]): Promise<void> {
  await runCommand(program, args);
}
