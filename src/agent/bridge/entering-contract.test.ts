import { readFileSync } from 'node:fs';
import { join } from 'node:path';
import { describe, expect, test } from '@jest/globals';
import { enteringDescriptors, haltSignal } from './entering-contract.ts';
import { enteredNamespaces } from './pinned-target.ts';

const readImageFile = (name: string) =>
  readFileSync(join(import.meta.dirname, '../../../images/agent', name), 'utf8');

describe('the agent, the script and session-init agree', () => {
  test('on each descriptor', () => {
    const assignments = readImageFile('enter-target.sh').matchAll(/^(\w+)=(\d+)$/gm);
    const inScript = Object.fromEntries(
      [...assignments].map(([, name = '', number]): [string, number] => [name, Number(number)]),
    );
    expect(inScript).toEqual(enteringDescriptors);
  });

  test('on the descriptors of the namespaces, which the agent passes on in this order after the streams', () => {
    expect(enteredNamespaces.map((name) => enteringDescriptors[`${name}_namespace`])).toEqual([3, 4, 5, 6]);
  });

  test('on the descriptor of the command’s variables, and on the signal that ends a session', () => {
    const text = readImageFile('session-init.c');
    expect(text).toContain(`command_environment = ${enteringDescriptors.command_environment}`);
    // SIGRTMIN is 34 with glibc: https://man7.org/linux/man-pages/man7/signal.7.html
    expect(text).toContain(`HALT_SIGNAL (SIGRTMIN + ${haltSignal - 34})`);
  });
});
