import type { Pod, Probe } from '../../api/objects/kubernetes-objects.ts';
import { findContainerStatus } from '../target-container.ts';

/**
 * Tells what the kubelet does to a container whose program stands still, as a debugger has it.
 * @returns a sentence; null where no probe ends the container.
 */
export function describeStandstill(pod: Pod, name: string): string | null {
  const { containers, initContainers } = pod.spec;
  const container = [...containers, ...initContainers].find((one) => one.name === name);
  if (!container) return null;
  const { startupProbe, livenessProbe } = container;
  // Until the startup probe has succeeded, the kubelet asks no other one: prober/worker.go.
  const isStarting = findContainerStatus(pod, name)?.started === false;
  if (startupProbe && isStarting) return describeStart(startupProbe, name);
  return livenessProbe ? describeLiveness(livenessProbe, name) : null;
}

/**
 * How long a program may stand still until its probe has failed too often. The first failure comes up to a period
 * after the program has stopped; probes follow each other by their period, or by their timeout if that is longer.
 * https://github.com/kubernetes/kubernetes/blob/master/pkg/kubelet/prober/worker.go
 */
export function computeStandstill({ periodSeconds, timeoutSeconds, failureThreshold }: Probe): {
  minSeconds: number;
  maxSeconds: number;
} {
  const interval = Math.max(periodSeconds, timeoutSeconds);
  const minSeconds = (failureThreshold - 1) * interval + timeoutSeconds;
  return { minSeconds, maxSeconds: minSeconds + periodSeconds };
}

function describeLiveness(probe: Probe, name: string): string | null {
  // The kernel accepts connections for a program that stands still.
  if (probe.tcpSocket) return null;
  const { minSeconds, maxSeconds } = computeStandstill(probe);
  const whose = `the liveness probe of container "${name}"`;
  if (!probe.exec) return `${whose} ends it after standing still for ${minSeconds} to ${maxSeconds} s`;
  return `${whose} may end it after standing still for ${minSeconds} to ${maxSeconds} s: when the command of the probe waits for the program`;
}

function describeStart(probe: Probe, name: string): string {
  const { initialDelaySeconds, periodSeconds, failureThreshold, timeoutSeconds } = probe;
  const seconds = initialDelaySeconds + failureThreshold * Math.max(periodSeconds, timeoutSeconds);
  return `the startup probe of container "${name}" has not succeeded yet: it ends the container about ${seconds} s after its start`;
}
