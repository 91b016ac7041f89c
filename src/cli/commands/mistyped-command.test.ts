import { expect, test } from '@jest/globals';
import { Failure } from '../../failure/failure.ts';
import { UsageError } from '../errors.ts';
import { adviseCommand } from './mistyped-command.ts';

const missing = new Failure('targetNotFound', 'there is no pod "doctr"', 'Pods are listed by kubectl.');

test('a pod that is not there may have been meant to be a command', () => {
  expect(adviseCommand(missing, 'doctr')).toMatchObject({
    code: 'targetNotFound',
    message: missing.message,
    hint: 'Did you mean the command "doctor"? Pods are listed by kubectl.',
  });
});

test('so may one whose flags or further words a session does not know', () => {
  const error = adviseCommand(new UsageError('unknown flags: toleration'), 'instal');
  expect(error).toBeInstanceOf(UsageError);
  expect(error).toHaveProperty('message', 'unknown flags: toleration; did you mean the command "install"?');
});

test.each([
  ['another name', missing, 'web'],
  ['a kind with a name', missing, 'pod/doctr'],
  ['no word', missing, undefined],
  ['the command itself', new UsageError('it is reserved'), 'doctor'],
  ['another failure', new Failure('connection', 'it does not answer'), 'doctr'],
])('%s changes nothing', (_what, error, word) => {
  expect(adviseCommand(error, word)).toBe(error);
});
