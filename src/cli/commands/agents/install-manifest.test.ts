import { readFileSync } from 'node:fs';
import { join } from 'node:path';
import { expect, test } from '@jest/globals';
import { load } from 'js-yaml';
import { describeResidentAgents } from '../../../cluster/agent-pods/resident/resident-spec.ts';
import { parseArguments } from '../../command-line/adapter.ts';
import { completeInstallOptions, installFlags, installSchema } from './install-options.ts';

test('the manifest of resident agents is what install makes (else: install --dry-run=client)', () => {
  const options = installSchema.parse(completeInstallOptions(parseArguments([], installFlags)));
  const file = join(import.meta.dirname, '../../../../manifests/components/resident/daemonset.yaml');
  expect(load(readFileSync(file, 'utf8'))).toEqual(describeResidentAgents(options.agent, options));
});
