import { existsSync } from 'node:fs';
import { join } from 'node:path';
import { locateOnNodes } from '../cluster/nodes-machine.ts';
import { listProcesses, readCommandLine, readProcessFile } from './node-processes.ts';

const sessionCgroup = /\/crashcart-[0-9a-f]{8}-[0-9a-f-]{27}/;

/** What is left on the machine that the nodes run on of a session whose command holds a text. */
export interface SessionTraces {
  processes: string[];
  cgroups: string[];
}

/** Follows a session that runs. */
export class SessionTracer {
  readonly #marker: string;
  readonly #cgroups: string[];

  /**
   * @param marker a text that stands in its command and nowhere else.
   * @param client the process that holds the marker too, as its argument.
   * @throws when no such session runs.
   */
  constructor(marker: string, client: number | undefined) {
    this.#marker = marker;
    const processes = findProcesses(marker).filter((pid) => pid !== client);
    this.#cgroups = [...new Set(processes.flatMap(listSessionCgroups))];
    if (this.#cgroups.length === 0) throw new Error(`no session runs with ${marker} in its command`);
  }

  /** @returns what is there now. */
  look(): SessionTraces {
    return {
      processes: findProcesses(this.#marker).map(readCommandLine),
      cgroups: this.#cgroups.filter(existsSync),
    };
  }
}

function findProcesses(marker: string): number[] {
  return listProcesses().filter((pid) => readCommandLine(pid).includes(marker));
}

/** The folders of a session's own cgroup that a process is in, one for each hierarchy that it has one in. */
function listSessionCgroups(pid: number): string[] {
  return readProcessFile(pid, 'cgroup')
    .split('\n')
    .filter((line) => sessionCgroup.test(line))
    .map((line) => {
      const [, controllers = '', path = ''] = line.split(':');
      return locateOnNodes(join('/sys/fs/cgroup', controllers, path));
    })
    .filter(existsSync);
}
