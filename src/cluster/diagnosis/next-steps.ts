import type { Pod } from '../api/objects/kubernetes-objects.ts';
import { mayRunAgain } from '../target/run-again.ts';
import { findLastEnd, type ReportedContainer } from './container-causes.ts';

/** What to run next, and what for. */
export interface NextStep {
  command: string;
  purpose: string;
}

/**
 * Proposes what to run next.
 * @param unwell the containers with which something is wrong.
 */
export function proposeSteps({ metadata, spec, status }: Pod, unwell: ReportedContainer[]): NextStep[] {
  const { name, namespace } = metadata;
  const pod = `pod/${name} -n ${namespace}`;
  const steps = unwell.flatMap((reported) => stepInto(reported, pod, { metadata, spec, status }));
  if (status.conditions.some(({ type, status: value }) => type === 'PodScheduled' && value === 'False'))
    steps.push({ command: 'kubectl describe nodes', purpose: 'what each node has left, and its taints' });
  if (status.phase === 'Failed' && status.reason !== '' && spec.nodeName !== '')
    steps.push({ command: `kubectl crashcart node/${spec.nodeName}`, purpose: 'what fills the node' });
  if (steps.length === 0 && status.phase === 'Running')
    steps.push({ command: `kubectl crashcart ${pod}`, purpose: 'a shell in it' });
  return steps;
}

function stepInto({ container, status }: ReportedContainer, pod: string, of: Pod): NextStep[] {
  const { name } = container;
  const enter = `kubectl crashcart ${pod} -c ${name}`;
  const ended = findLastEnd(status);
  const previous = status?.state.running && ended ? ' --previous' : '';
  const logs = {
    command: `kubectl logs ${of.metadata.name} -n ${of.metadata.namespace} -c ${name}${previous}`,
    purpose: 'its whole log',
  };
  if (status?.state.running) {
    return [
      { command: `${enter} --tool stacks`, purpose: 'what it does now' },
      ...(ended?.reason === 'OOMKilled'
        ? [{ command: `${enter} --tool heap`, purpose: 'what its memory is made of' }]
        : []),
      ...(ended ? [logs] : []),
    ];
  }
  if (ended === null) return [];
  const wait = { command: `${enter} --wait`, purpose: 'a shell in its next run, as soon as it starts' };
  const hold = {
    command: `${enter} --catch`,
    purpose: 'a shell in its next run, held before its first instruction',
  };
  // What is left of a container is on the node that it ran on.
  const dead =
    of.spec.nodeName === ''
      ? []
      : [{ command: `${enter} --dead`, purpose: 'a shell beside its files and its log' }];
  return mayRunAgain(of, name, status) ? [wait, hold, ...dead, logs] : [...dead, logs];
}
