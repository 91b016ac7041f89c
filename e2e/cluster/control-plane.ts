import { join } from 'node:path';
import { createControlPlaneCertificates, writeKubeconfig } from './certificates.ts';
import { bridge, controlPlaneCgroup } from './cluster-layout.ts';
import { getKubeconfigPath, type ClusterProcess, type ClusterRecord } from './cluster-state.ts';
import { startComponent, waitFor } from './processes.ts';
import { runCommand } from '../../images/machine/run-command.ts';

/** On loopback only, and not etcd's usual port, which a developer's own etcd may have. */
const etcdUrl = 'http://127.0.0.1:12379';
const etcdPeerUrl = 'http://127.0.0.1:12380';

/**
 * Starts etcd, the API server, its controllers, the scheduler and the DNS server.
 * @param register is told of each process right after its start.
 * @param cgroup of the processes; null: that of this process.
 * @throws naming the component that failed, with the end of its log.
 */
export async function startControlPlane(
  record: ClusterRecord,
  register: (component: ClusterProcess) => void,
  cgroup: string | null = controlPlaneCgroup,
): Promise<void> {
  const { stateDirectory: state, binaries } = record;
  const pki = join(state, 'pki');
  const start = (name: string, ...command: string[]) => {
    const logFile = join(state, 'logs', `${name}.log`);
    const component = startComponent({ name, cgroup, command, logFile });
    register(component);
    return component;
  };

  const etcd = start('etcd', join(binaries, 'server'), ...getEtcdArguments(state));
  await createControlPlaneCertificates(pki);
  await waitFor('healthy', etcd, 20_000, isEtcdHealthy);
  const kubeconfig = getKubeconfigPath(state);
  const kubeconfigs = {
    'controller-manager': join(pki, 'controller-manager.kubeconfig'),
    scheduler: join(pki, 'scheduler.kubeconfig'),
  };
  await writeKubeconfig(pki, 'admin', kubeconfig);
  for (const [name, path] of Object.entries(kubeconfigs)) await writeKubeconfig(pki, name, path);

  start('dns-server', join(binaries, 'dns-server'), `${bridge.address}:53`);
  const supervise = ['bash', join(import.meta.dirname, 'supervise.sh')];
  const server = [join(binaries, 'kube-apiserver'), ...getApiServerArguments(pki)];
  const api = start('kube-apiserver', ...supervise, ...server);
  const ready = ['--kubeconfig', kubeconfig, 'get', '--raw', '/readyz', '--request-timeout', '2s'];
  await waitFor('ready', api, 60_000, () => succeeds(join(binaries, 'kubectl'), ready));
  const controllers = getControllerArguments(pki, kubeconfigs['controller-manager']);
  start('kube-controller-manager', join(binaries, 'kube-controller-manager'), ...controllers);
  const scheduling = [
    '--kubeconfig',
    kubeconfigs.scheduler,
    '--leader-elect=false',
    '--bind-address=127.0.0.1',
  ];
  start('kube-scheduler', join(binaries, 'kube-scheduler'), ...scheduling);
}

async function isEtcdHealthy(): Promise<boolean> {
  return fetch(`${etcdUrl}/health`, { signal: AbortSignal.timeout(1000) }).then(
    (response) => response.ok,
    () => false,
  );
}

async function succeeds(file: string, args: string[]): Promise<boolean> {
  return runCommand(file, args, { timeoutMs: 5000 }).then(
    () => true,
    () => false,
  );
}

function getEtcdArguments(state: string): string[] {
  return [
    `--data-dir=${join(state, 'etcd')}`,
    `--listen-client-urls=${etcdUrl}`,
    `--advertise-client-urls=${etcdUrl}`,
    `--listen-peer-urls=${etcdPeerUrl}`,
    `--initial-advertise-peer-urls=${etcdPeerUrl}`,
    `--initial-cluster=default=${etcdPeerUrl}`,
    // Nothing of a test cluster has to survive a power cut.
    '--unsafe-no-fsync',
  ];
}

function getApiServerArguments(pki: string): string[] {
  return [
    `--etcd-servers=${etcdUrl}`,
    `--bind-address=${bridge.address}`,
    `--advertise-address=${bridge.address}`,
    '--secure-port=6443',
    '--service-cluster-ip-range=10.96.0.0/16',
    `--tls-cert-file=${join(pki, 'apiserver.crt')}`,
    `--tls-private-key-file=${join(pki, 'apiserver.key')}`,
    `--client-ca-file=${join(pki, 'ca.crt')}`,
    '--authorization-mode=Node,RBAC',
    '--enable-admission-plugins=NodeRestriction',
    // The agent's pod and the host pods among the targets are privileged.
    '--allow-privileged',
    '--service-account-issuer=https://kubernetes.default.svc',
    `--service-account-key-file=${join(pki, 'service-accounts.key')}`,
    `--service-account-signing-key-file=${join(pki, 'service-accounts.key')}`,
    `--kubelet-client-certificate=${join(pki, 'admin.crt')}`,
    `--kubelet-client-key=${join(pki, 'admin.key')}`,
    `--kubelet-certificate-authority=${join(pki, 'ca.crt')}`,
    '--kubelet-preferred-address-types=InternalIP',
    // No kube-proxy: an aggregated API is reached at its endpoints.
    '--enable-aggregator-routing=true',
  ];
}

function getControllerArguments(pki: string, kubeconfig: string): string[] {
  return [
    `--kubeconfig=${kubeconfig}`,
    '--bind-address=127.0.0.1',
    `--service-account-private-key-file=${join(pki, 'service-accounts.key')}`,
    `--root-ca-file=${join(pki, 'ca.crt')}`,
    // Its default is a folder of the machine, which it would make.
    `--flex-volume-plugin-dir=${join(pki, 'volume-plugins')}`,
    '--use-service-account-credentials',
    '--leader-elect=false',
  ];
}
