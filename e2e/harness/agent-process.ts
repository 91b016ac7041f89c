import { listContainerProcesses, readCommandLine } from './node-processes.ts';
import { expectSuccess } from './test-namespace.ts';

/** @returns the process, on the machine that the nodes run on, of the agent that runs in a namespace. */
export async function findAgentProcess(namespace: string): Promise<number> {
  const running = ['get', 'pods', '-n', namespace, '--field-selector=status.phase=Running'];
  const path = 'jsonpath={.items[*].status.containerStatuses[0].containerID}';
  const processes = listContainerProcesses(await expectSuccess([...running, '-o', path]));
  const found = processes.find((pid) => readCommandLine(pid).startsWith('node '));
  if (found === undefined) throw new Error('no agent runs');
  return found;
}
