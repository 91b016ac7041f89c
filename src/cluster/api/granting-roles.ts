/** A role of ours: where it is, and what is bound. */
export interface GrantingRole {
  /** File, or folder of a component, that an administrator applies. */
  manifest: string;
  /** As RBAC calls it, with what it is for. */
  role: string;
}

const user = { manifest: 'manifests/rbac.yaml', role: 'ClusterRole crashcart-user (targets)' };
const agents = { manifest: 'manifests/rbac.yaml', role: 'Role crashcart-agents (agents)' };
const viewer = { manifest: 'manifests/viewer.yaml', role: 'Role crashcart-viewer (looking)' };
const installer = {
  manifest: 'manifests/components/installer',
  role: 'ClusterRole crashcart-installer (namespaces)',
};
const installerOfAgents = { ...installer, role: 'Role crashcart-installer (agents on each node)' };
const events = {
  manifest: 'manifests/components/target-events',
  role: 'ClusterRole crashcart-events (--event)',
};

/** By resource, what each verb is granted by; a test holds it against the manifests. */
export const grants: Record<string, Record<string, GrantingRole[]>> = {
  pods: { get: [user, agents], list: [user, agents], watch: [agents], create: [agents] },
  'pods/exec': { get: [agents], create: [agents] },
  'pods/log': { get: [viewer] },
  services: { get: [user], list: [user] },
  'deployments.apps': { get: [user] },
  'statefulsets.apps': { get: [user] },
  'replicasets.apps': { get: [user] },
  'daemonsets.apps': {
    get: [user, viewer],
    create: [installerOfAgents],
    watch: [installerOfAgents],
    patch: [installerOfAgents],
    delete: [installerOfAgents],
  },
  'jobs.batch': { get: [user, agents], create: [agents], list: [agents], delete: [agents], watch: [viewer] },
  nodes: { get: [user] },
  'runtimeclasses.node.k8s.io': { get: [user] },
  events: { get: [agents], list: [agents], watch: [agents], create: [events] },
  namespaces: { get: [viewer], create: [installer] },
  resourcequotas: { list: [viewer] },
  limitranges: { list: [viewer] },
};

/** @returns what an administrator has to do for an access, a line for each manifest; null when none of ours grants it. */
export function adviseRole(verb: string, resource: string): string | null {
  const roles = grants[resource]?.[verb] ?? [];
  if (roles.length === 0) return null;
  return [...Map.groupBy(roles, ({ manifest }) => manifest)]
    .map(
      ([manifest, group]) =>
        `${manifest} grants it (\`${findPrinter(manifest)}\` prints it): an administrator binds you to its ${group.map(({ role }) => role).join(' and its ')}.`,
    )
    .join('\n');
}

/** Who has a release has no folder of manifests. */
function findPrinter(manifest: string): string {
  const [, component] = /^manifests\/components\/(.*)$/.exec(manifest) ?? [];
  return `kubectl crashcart manifests${component === undefined ? '' : ` ${component}`}`;
}
