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
    const { command_stderr, ...namespaces } = enteringDescriptors;
    expect(inScript).toEqual(namespaces);
    expect(readImageFile('enter-target.sh')).toContain(`is descriptor ${command_stderr}.`);
  });

  test('on the descriptors of the namespaces, which the agent passes on in this order after the streams', () => {
    expect(enteredNamespaces.map((name) => enteringDescriptors[`${name}_namespace`])).toEqual([3, 4, 5, 6]);
  });

  test('on the descriptor of the command’s stderr, and on the signal that ends a session', () => {
    expect(readImageFile('session-init.h')).toContain(
      `command_stderr = ${enteringDescriptors.command_stderr} `,
    );
    // SIGRTMIN is 34 with glibc: https://man7.org/linux/man-pages/man7/signal.7.html
    expect(readImageFile('session-init.c')).toContain(`HALT_SIGNAL (SIGRTMIN + ${haltSignal - 34})`);
  });
});
