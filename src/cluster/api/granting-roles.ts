import { linkDocs } from '../../failure/docs-link.ts';

/** One of this project's roles, and where its manifest is. */
export interface GrantingRole {
  /** File below the repository, or folder of a component, that an administrator applies. */
  manifest: string;
  /** Kind and name, with its purpose in brackets. */
  role: string;
}

const user = { manifest: 'manifests/rbac.yaml', role: 'ClusterRole crashcart-user (targets)' };
const logs = { manifest: 'manifests/rbac.yaml', role: 'ClusterRole crashcart-logs (logs of targets)' };
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

/** The roles that grant a verb on a resource; a test compares them with the manifests. */
export const grants: Record<string, Record<string, GrantingRole[]>> = {
  pods: { get: [user, agents], list: [user, agents], watch: [user, agents], create: [agents] },
  'pods/exec': { get: [agents], create: [agents] },
  'pods/log': { get: [logs, viewer] },
  services: { get: [user], list: [user] },
  replicationcontrollers: { get: [user] },
  'deployments.apps': { get: [user] },
  'statefulsets.apps': { get: [user] },
  'replicasets.apps': { get: [user], list: [user] },
  'daemonsets.apps': {
    get: [user, viewer],
    create: [installerOfAgents],
    watch: [installerOfAgents],
    patch: [installerOfAgents],
    delete: [installerOfAgents],
  },
  'jobs.batch': { get: [user, agents], create: [agents], list: [agents], delete: [agents], watch: [viewer] },
  'cronjobs.batch': { get: [user] },
  nodes: { get: [user] },
  'runtimeclasses.node.k8s.io': { get: [user] },
  events: { get: [agents], list: [user, agents], watch: [agents], create: [events] },
  namespaces: { get: [viewer], create: [installer] },
  resourcequotas: { list: [viewer] },
  limitranges: { list: [viewer] },
};

/**
 * Advises which role an administrator has to bind for an access.
 * @returns a line for each manifest that grants it; null when none of this project's roles does.
 */
export function adviseRole(verb: string, resource: string): string | null {
  const roles = grants[resource]?.[verb] ?? [];
  if (roles.length === 0) return null;
  return [...Map.groupBy(roles, ({ manifest }) => manifest)]
    .map(
      ([manifest, group]) =>
        `${adviseManifest(manifest)}: an administrator binds you to its ${group.map(({ role }) => role).join(' and its ')}.`,
    )
    .join('\n');
}

/** Says where the manifest is that grants an access. A release is installed without manifests: the plugin prints them. */
export function adviseManifest(manifest: string): string {
  const [, component] = /^manifests\/components\/(.*)$/.exec(manifest) ?? [];
  const command = `kubectl crashcart manifests${component === undefined ? '' : ` ${component}`}`;
  return `${linkDocs(manifest)} grants it (\`${command}\` prints it)`;
}
