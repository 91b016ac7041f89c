const machine = 'builds, installs or serves things on a Debian as root';
const processes = "looks at the nodes' processes from this machine";
const layout = 'needs the names, addresses or files of the built-in nodes';

/** Tests that only the built-in cluster can run, each with the reason. On a cluster that exists, they are skipped. */
export const builtInTests: Record<string, string> = {
  'ask-the-doctor-about-a-kernel': 'mounts files over those of a node',
  'catch-a-start': processes,
  'choose-a-target': layout,
  'clean-up': processes,
  'cluster/cluster': 'is about the built-in cluster',
  'come-back-to-a-session': processes,
  'complete-in-a-shell': machine,
  'debug-a-hostile-target': processes,
  'debug-a-sick-node': 'takes the network of pods away from a node',
  'every-target': processes,
  'install-resident-agents': layout,
  'install-with-krew': machine,
  'install-with-npm': machine,
  'interrupt-a-start': processes,
  'keep-an-agent-warm': processes,
  'keep-sessions-apart': processes,
  'lose-the-connection': processes,
  'lose-the-target': processes,
  'pull-from-a-registry': layout,
  'pull-what-cannot-be-pulled': layout,
  'push-the-images': machine,
  'release-the-plugin': machine,
  'restrict-agents-by-policy': layout,
  'reuse-a-process-id': 'plays the agent, on the machine that the nodes run on',
  'run-a-command': processes,
  'shape-the-agent': layout,
  'start-an-agent-that-fails': layout,
  'start-an-image-that-fails': layout,
};

/** @param file of a test, below e2e. @returns why an existing cluster can't run the test; null: it can. */
export function findSkipReason(file: string): string | null {
  return builtInTests[file.replaceAll('\\', '/').replace(/\.e2e\.test\.ts$/, '')] ?? null;
}
