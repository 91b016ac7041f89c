import { readFileSync } from 'node:fs';
import { join } from 'node:path';
import { expect, test } from '@jest/globals';
import { load } from 'js-yaml';
import { describeResidentAgents } from '../../../cluster/agent-pods/resident/resident-spec.ts';
import { describeAgentOptions } from '../../options/agent/agent-options.ts';
import { readCommand } from '../../options/option-values.ts';
import { installCommand } from './install-command.ts';
import { describePlacement } from './install-options.ts';

test('the manifest of resident agents is what install makes (else: install --dry-run=client)', () => {
  const options = readCommand(installCommand, { flags: {}, positional: [], rest: null });
  const file = join(import.meta.dirname, '../../../../manifests/components/resident/daemonset.yaml');
  expect(load(readFileSync(file, 'utf8'))).toEqual(
    describeResidentAgents(describeAgentOptions(options.agent), describePlacement(options)),
  );
});
