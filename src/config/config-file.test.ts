import { describe, expect, test } from '@jest/globals';
import { ConfigFileError, parseConfig, readConfigFile } from './config-file.ts';

const read = (...lines: string[]) => parseConfig('config.yaml', `${lines.join('\n')}\n`);

async function findProblems(...lines: string[]): Promise<string[]> {
  const error: unknown = await read(...lines).catch((caught: unknown) => caught);
  if (!(error instanceof ConfigFileError)) throw new Error('it was taken');
  return error.message.split('\n');
}

describe('a configuration file', () => {
  test('is read', async () => {
    const config = await read(
      'image: example.com/agent:1 # a comment',
      'imagePullSecrets: [one, two]',
      'contexts:',
      '  prod: { agentNamespace: debug }',
    );
    expect(config).toEqual({
      image: 'example.com/agent:1',
      imagePullSecrets: ['one', 'two'],
      contexts: { prod: { agentNamespace: 'debug' } },
    });
  });

  test('that is empty sets nothing, and one that is not there is none', async () => {
    expect(await read('# nothing')).toEqual({});
    expect(await readConfigFile('/no/such/file')).toBeNull();
  });

  test('that is no YAML is told where', async () => {
    expect(await findProblems('image: a', 'image: b')).toEqual([
      expect.stringMatching(/^config\.yaml:2:1: Map keys must be unique/),
    ]);
  });

  test('has each mistake told, where it stands', async () => {
    expect(
      await findProblems(
        'imagePullPolicy: Sometimes',
        'imagePullSecrets:',
        '  - one',
        '  - 2',
        'contexts:',
        '  prod:',
        '    agentNamespace: ../x',
        '    nodes: all',
      ),
    ).toEqual([
      expect.stringMatching(/^config\.yaml:1:18: imagePullPolicy: .*"IfNotPresent"/),
      expect.stringMatching(/^config\.yaml:4:5: imagePullSecrets\.1: .*expected string/),
      'config.yaml:7:21: contexts.prod.agentNamespace: that is no name of a namespace',
      'config.yaml:8:12: contexts.prod.nodes: there is no such setting',
    ]);
  });

  test('that is a list is none', async () => {
    expect(await findProblems('- image')).toEqual([expect.stringMatching(/^config\.yaml:1:1: .*object/)]);
  });

  test('that unfolds to more than memory holds is refused', async () => {
    const layers = [1, 2, 3, 4, 5, 6, 7, 8].map(
      (n) => `l${n}: &l${n} [${Array.from({ length: 9 }, () => `*l${n - 1}`).join(', ')}]`,
    );
    await expect(read('l0: &l0 [lol]', ...layers)).rejects.toThrow('alias');
  });
});
