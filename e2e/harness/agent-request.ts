import { runKubectl } from './command-run.ts';
import { expectSuccess } from './test-namespace.ts';

/** The words of curl that reach the agent from inside its container. */
export const curlAgent = [
  'curl',
  '-s',
  '--http2-prior-knowledge',
  '--unix-socket',
  '/run/crashcart/agent.sock',
];

/** @returns the name of the agent that runs in a namespace. */
export function findAgentPod(namespace: string): Promise<string> {
  const selector = ['-l', 'app.kubernetes.io/name=crashcart', '--field-selector=status.phase=Running'];
  const path = 'jsonpath={.items[0].metadata.name}';
  return expectSuccess(['get', 'pods', '-n', namespace, ...selector, '-o', path]);
}

/** Asks the agent in a namespace as any program that may exec into it can. @returns status and body. */
export async function askAgent(
  namespace: string,
  method: string,
  path: string,
  body = '',
): Promise<{ status: string; body: string }> {
  const request = ['-X', method, ...(body === '' ? [] : ['-d', body]), '-w', '\\n%{http_code}'];
  const curl = [...curlAgent, '-m', '3', ...request, `http://agent${path}`];
  const { stdout } = await runKubectl([
    'exec',
    '-n',
    namespace,
    await findAgentPod(namespace),
    '--',
    ...curl,
  ]);
  const shown = stdout.toString();
  const end = shown.lastIndexOf('\n');
  return { status: shown.slice(end + 1), body: shown.slice(0, end) };
}
