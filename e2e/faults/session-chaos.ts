import { randomInt } from 'node:crypto';
import { setTimeout as delay } from 'node:timers/promises';
import { runOnNodes } from '../harness/node-commands.ts';
import { listProcesses, readCommandLine, readProcessFile } from '../harness/node-processes.ts';
import { type EndedSession, startSession } from '../harness/started-session.ts';

/** What is done to a session; `$*` are its processes, the agent's child first. */
const faults = {
  'kills every process': 'kill -9 $* 2>/dev/null || :',
  'kills the agent’s child': 'kill -9 $1',
  'kills session-init': 'kill -9 $2',
  'kills the command': 'kill -9 $3',
  'stops everything, then kills': 'kill -STOP $*; sleep 0.3; kill -9 $* 2>/dev/null || :',
  'removes its cgroups': `
    for cgroup in $(sed -n 's/^[0-9]*:\\([^:]*\\):\\(.*\\/crashcart-[0-9a-f]\\{8\\}-[0-9a-f-]*\\)$/\\1\\2/p' /proc/$3/cgroup); do
      directory=/sys/fs/cgroup/$cgroup
      parent=\${directory%/*}
      [ ! -d $parent/agent ] || parent=$parent/agent
      for pid in $(cat $directory/cgroup.procs); do echo $pid >$parent/cgroup.procs || :; done
      rmdir $directory || :
    done 2>/dev/null
    kill -9 $3`,
} as const;
type Fault = keyof typeof faults;

/** The commands of victims: each waits for its end, and two have closed descriptors of their own. */
const commands = [
  'echo open; sleep $MARK & sleep $MARK & wait',
  'echo open; exec <&- >&- 2>&-; sleep $MARK',
  'echo open; exec 0<>/dev/null 1>&0 2>&0; sleep $MARK',
  'echo open; while :; do echo more; done & sleep $MARK',
];

/** What became of one victim. */
export interface Victim {
  fault: Fault;
  end: EndedSession;
  /** What of its command still runs. */
  left: string[];
}

/**
 * Opens a session, does something to it at a random moment, and waits for its end.
 * @param args the target and flags.
 * @param mark a number that no other session's command has.
 */
export async function hurtSession(args: string[], mark: number): Promise<Victim> {
  const fault = pick(Object.keys(faults) as Fault[]);
  const script = pick(commands).replaceAll('$MARK', String(mark));
  const { ended } = await startSession(args, script);
  await delay(randomInt(500));
  const processes = listVictim(mark);
  await runOnNodes('sh', '-c', faults[fault], 'sh', ...processes.map(String));
  const end = await ended;
  return { fault, end, left: findMarked(mark).map(readCommandLine) };
}

/** The agent's child, session-init, the command, and whatever the command has started. */
function listVictim(mark: number): number[] {
  const marked = findMarked(mark);
  const [cgroup = ''] = marked.flatMap(
    (pid) => /\/crashcart-[0-9a-f-]{36}/.exec(readProcessFile(pid, 'cgroup')) ?? [],
  );
  return listProcesses().filter((pid) => cgroup !== '' && readProcessFile(pid, 'cgroup').includes(cgroup));
}

function findMarked(mark: number): number[] {
  return listProcesses().filter(
    (pid) => /^(bash|sleep) /.test(readCommandLine(pid)) && readCommandLine(pid).includes(String(mark)),
  );
}

function pick<Value>(values: readonly Value[]): Value {
  return values[randomInt(values.length)] as Value;
}
