import { mkdir, writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { bridge, type NodePlan } from './cluster-layout.ts';

/** The image of every pod's sandbox, as containerd knows it. */
export const pauseImageName = 'crashcart.test/pause:1';

/** What differs between a node in namespaces of this machine and one that is a machine of its own. */
export interface NodeSettings {
  cgroupDriver: 'systemd' | 'cgroupfs';
  defaultRuntime: 'runc' | 'crun';
  /** It has the whole kernel to itself, as real nodes have, and cgroup v2. */
  isMachine: boolean;
}

const builtInSettings: NodeSettings = { cgroupDriver: 'cgroupfs', defaultRuntime: 'runc', isMachine: false };

const crun = join(import.meta.dirname, 'crun-1.0.sh');

/** Writes the configuration of a node's containerd, CNI and kubelet. */
export async function writeNodeConfiguration(
  node: NodePlan,
  pki: string,
  binaries: string,
  settings = builtInSettings,
): Promise<void> {
  const { directory } = node;
  await mkdir(join(directory, 'manifests'), { recursive: true });
  await mkdir(join(directory, 'cni/net.d'), { recursive: true });
  await writeFile(
    join(directory, 'containerd.toml'),
    formatContainerdConfiguration(binaries, locateRegistries(node), settings),
  );
  await writeFile(
    join(directory, 'cni/net.d/10-crashcart.conflist'),
    JSON.stringify(getNetworkConfiguration(node)),
  );
  await writeFile(
    join(directory, 'kubelet.json'),
    JSON.stringify(getKubeletConfiguration(node, pki, settings), null, 2),
  );
}

/**
 * @returns the folder where a test puts a node's `REGISTRY/hosts.toml`, which containerd reads at each pull:
 *   https://github.com/containerd/containerd/blob/main/docs/hosts.md
 */
export function locateRegistries({ directory }: Pick<NodePlan, 'directory'>): string {
  return join(directory, 'registries');
}

function formatContainerdConfiguration(
  binaries: string,
  registries: string,
  { cgroupDriver, defaultRuntime, isMachine }: NodeSettings,
): string {
  const isSystemd = cgroupDriver === 'systemd';
  const runtime = '[plugins."io.containerd.cri.v1.runtime"';
  return `version = 3
root = "/var/lib/containerd"
state = "/run/containerd"
[grpc]
address = "/run/containerd/containerd.sock"
[plugins."io.containerd.internal.v1.opt"]
path = "/var/lib/containerd/opt"
[plugins."io.containerd.cri.v1.images".pinned_images]
sandbox = "${pauseImageName}"
[plugins."io.containerd.cri.v1.images".registry]
config_path = "${registries}"
${runtime}]
# Without CAP_SYS_RESOURCE no score can be lowered.
restrict_oom_score_adj = ${!isMachine}
disable_apparmor = ${!isMachine}
${runtime}.cni]
bin_dirs = ["${binaries}"]
conf_dir = "/etc/cni/net.d"
${runtime}.containerd]
default_runtime_name = "${defaultRuntime}"
${runtime}.containerd.runtimes.runc]
runtime_type = "io.containerd.runc.v2"
${runtime}.containerd.runtimes.runc.options]
SystemdCgroup = ${isSystemd}
BinaryName = "${binaries}/runc"
${runtime}.containerd.runtimes.crun]
runtime_type = "io.containerd.runc.v2"
${runtime}.containerd.runtimes.crun.options]
SystemdCgroup = ${isSystemd}
BinaryName = "${crun}"
`;
}

function getNetworkConfiguration(node: NodePlan) {
  const ipam = {
    type: 'host-local',
    ranges: [[{ subnet: node.podNetwork }]],
    routes: [{ dst: '0.0.0.0/0' }],
  };
  const plugins = [{ type: 'bridge', bridge: 'cni0', isGateway: true, ipam }];
  return { cniVersion: '1.0.0', name: 'crashcart', plugins };
}

function getKubeletConfiguration(node: NodePlan, pki: string, settings: NodeSettings) {
  return {
    apiVersion: 'kubelet.config.k8s.io/v1beta1',
    kind: 'KubeletConfiguration',
    authentication: {
      anonymous: { enabled: false },
      webhook: { enabled: true },
      x509: { clientCAFile: join(pki, 'ca.crt') },
    },
    authorization: { mode: 'Webhook' },
    tlsCertFile: join(pki, `${node.name}.crt`),
    tlsPrivateKeyFile: join(pki, `${node.name}.key`),
    clusterDNS: [bridge.address],
    clusterDomain: 'cluster.local',
    staticPodPath: join(node.directory, 'manifests'),
    volumePluginDir: '/var/lib/kubelet/volume-plugins',
    containerRuntimeEndpoint: 'unix:///run/containerd/containerd.sock',
    cgroupDriver: settings.cgroupDriver,
    failCgroupV1: settings.isMachine,
    // As Pod Security recommends: without it every pod would be unconfined that does not ask for a profile.
    seccompDefault: settings.isMachine,
    failSwapOn: false,
    makeIPTablesUtilChains: false,
    enforceNodeAllocatable: [],
    // The default of 5 a second delays tests that make many pods at once.
    registryPullQPS: 0,
    // Images are loaded by hand: what the kubelet removes can't be pulled again.
    imageGCHighThresholdPercent: 100,
    imageMaximumGCAge: '0s',
    evictionHard: {
      'nodefs.available': '0%',
      'nodefs.inodesFree': '0%',
      'imagefs.available': '0%',
      'imagefs.inodesFree': '0%',
      'memory.available': '0%',
    },
  };
}
