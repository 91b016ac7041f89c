/** The API server's resources that are used: where each one is, and what RBAC has to grant for a request. */
import * as z from 'zod';
import type { RequestedAccess } from './api-error.ts';
import { discoverySchema, resourceListSchema } from './objects/discovery-objects.ts';
import {
  accessReviewSchema,
  cronJobSchema,
  daemonSetSchema,
  eventSchema,
  jobSchema,
  limitRangeSchema,
  listOf,
  namespaceSchema,
  nodeSchema,
  podSchema,
  quotaSchema,
  replicaSetSchema,
  runtimeClassSchema,
  userReviewSchema,
  versionSchema,
} from './objects/kubernetes-objects.ts';

/** A request to the API server, without what differs from call to call: its query, body and signal. */
export interface ResourceRequest<Schema extends z.ZodType> {
  method: 'GET' | 'POST' | 'PATCH' | 'DELETE';
  /** Below the API server's URL, without a leading slash; its parts are encoded. */
  path: string;
  /** Of the body; `application/json` when it is left out. */
  contentType?: string;
  /** What the answer may be; `application/json` when it is left out. */
  accept?: string;
  /** Of the answer, or of each object of a watch. */
  schema: Schema;
  access: RequestedAccess;
}

const methods = {
  get: 'GET',
  list: 'GET',
  watch: 'GET',
  create: 'POST',
  patch: 'PATCH',
  delete: 'DELETE',
} as const;

/**
 * Describes the requests to a resource whose objects are in namespaces.
 * @param apiVersion as in manifests: `v1`, `apps/v1`.
 * @param resource its plural name.
 */
export function describeNamespaced<Schema extends z.ZodType>(
  apiVersion: string,
  resource: string,
  schema: Schema,
) {
  const describe = describeRequests(apiVersion, resource);
  return {
    get: (namespace: string, name: string) => describe('get', schema, namespace, name),
    getSubresource: (namespace: string, name: string, subresource: string) => {
      const { path, access, ...request } = describe('get', schema, namespace, name);
      const resource = `${access.resource}/${subresource}`;
      return { ...request, path: `${path}/${subresource}`, access: { ...access, resource } };
    },
    /** @param namespace null: all namespaces. */
    list: (namespace: string | null) => describe('list', listOf(schema), namespace),
    /** @param namespace null: all namespaces. */
    watch: (namespace: string | null) => describe('watch', schema, namespace),
    create: (namespace: string) => describe('create', schema, namespace),
    /** https://kubernetes.io/docs/reference/using-api/server-side-apply/ */
    apply: (namespace: string, name: string) => ({
      ...describe('patch', schema, namespace, name),
      contentType: 'application/apply-patch+yaml',
    }),
    // The answer is the object or a Status, depending on whether it is gone at once.
    delete: (namespace: string, name: string) => describe('delete', z.unknown(), namespace, name),
  };
}

/** Describes the requests to a resource whose objects are in no namespace. */
function describeClusterScoped<Schema extends z.ZodType>(
  apiVersion: string,
  resource: string,
  schema: Schema,
) {
  const describe = describeRequests(apiVersion, resource);
  return {
    get: (name: string) => describe('get', schema, null, name),
    list: () => describe('list', listOf(schema), null),
    create: () => describe('create', schema, null),
  };
}

function describeRequests(apiVersion: string, resource: string) {
  const [group, version] = apiVersion.split('/');
  const isCore = version === undefined;
  return <Schema extends z.ZodType>(
    verb: keyof typeof methods,
    schema: Schema,
    namespace: string | null,
    name: string | null = null,
  ): ResourceRequest<Schema> => ({
    method: methods[verb],
    path: [
      ...[isCore ? 'api' : 'apis', apiVersion],
      ...(namespace === null ? [] : ['namespaces', encodeURIComponent(namespace)]),
      ...(name === null ? [resource] : [resource, encodeURIComponent(name)]),
    ].join('/'),
    schema,
    access: { verb, resource: isCore ? resource : `${resource}.${group}`, namespace },
  });
}

export const pods = {
  ...describeNamespaced('v1', 'pods', podSchema),
  /** An exec is a websocket, no plain request. */
  exec: (namespace: string, name: string) => ({
    path: `${pods.get(namespace, name).path}/exec`,
    // RBAC asks for `get` first, since the upgrade is a GET, and its refusal names `get`. The refusal of `create`, which
    // Kubernetes asks for since 1.35, names nothing: https://github.com/kubernetes/kubernetes/pull/134577
    access: { verb: 'create', resource: 'pods/exec', namespace },
  }),
  /** Its answer is lines of text. */
  log: (namespace: string, name: string) => ({
    ...pods.getSubresource(namespace, name, 'log'),
    accept: '*/*',
  }),
};
export const events = describeNamespaced('v1', 'events', eventSchema);
export const secrets = describeNamespaced('v1', 'secrets', z.unknown());
export const resourceQuotas = describeNamespaced('v1', 'resourcequotas', quotaSchema);
export const limitRanges = describeNamespaced('v1', 'limitranges', limitRangeSchema);
export const jobs = describeNamespaced('batch/v1', 'jobs', jobSchema);
export const cronJobs = describeNamespaced('batch/v1', 'cronjobs', cronJobSchema);
export const replicaSets = describeNamespaced('apps/v1', 'replicasets', replicaSetSchema);
export const daemonSets = describeNamespaced('apps/v1', 'daemonsets', daemonSetSchema);

export const nodes = describeClusterScoped('v1', 'nodes', nodeSchema);
export const runtimeClasses = describeClusterScoped('node.k8s.io/v1', 'runtimeclasses', runtimeClassSchema);
const allNamespaces = describeClusterScoped('v1', 'namespaces', namespaceSchema);
export const namespaces = {
  ...allNamespaces,
  /**
   * RBAC takes a namespace to be in itself, so that a Role in it can grant this:
   * https://github.com/kubernetes/apiserver/blob/master/pkg/endpoints/request/requestinfo.go
   */
  get: (name: string) => {
    const request = allNamespaces.get(name);
    return { ...request, access: { ...request.access, namespace: name } };
  },
};

/** https://kubernetes.io/docs/reference/access-authn-authz/authentication/#self-subject-review */
export const selfSubjectReviews = describeClusterScoped(
  'authentication.k8s.io/v1',
  'selfsubjectreviews',
  userReviewSchema,
);
/** https://kubernetes.io/docs/reference/access-authn-authz/authorization/#checking-api-access */
export const selfSubjectAccessReviews = describeClusterScoped(
  'authorization.k8s.io/v1',
  'selfsubjectaccessreviews',
  accessReviewSchema,
);

/** What resources the API server has. Every user may ask: https://kubernetes.io/docs/reference/access-authn-authz/rbac/#discovery-roles */
export const discovery = {
  core: describeDiscovery('api', discoverySchema),
  groups: describeDiscovery('apis', discoverySchema),
  /** @param apiVersion as in manifests: `v1`, `apps/v1`. */
  version: (apiVersion: string) =>
    describeDiscovery(`${apiVersion.includes('/') ? 'apis' : 'api'}/${apiVersion}`, resourceListSchema),
};

function describeDiscovery<Schema extends z.ZodType>(path: string, schema: Schema): ResourceRequest<Schema> {
  const aggregated = ['v2', 'v2beta1'].map(
    (version) => `application/json;g=apidiscovery.k8s.io;v=${version};as=APIGroupDiscoveryList`,
  );
  return {
    method: 'GET',
    path,
    accept: [...aggregated, 'application/json'].join(','),
    schema,
    access: { verb: 'get', resource: `/${path}`, namespace: null },
  };
}

/** The API server's version: a path that is no resource, which RBAC names by itself. */
export const serverVersion: ResourceRequest<typeof versionSchema> = {
  method: 'GET',
  path: 'version',
  schema: versionSchema,
  access: { verb: 'get', resource: '/version', namespace: null },
};

/**
 * Has a creation with a misspelt field refused, as kubectl does, where the API server would drop the field.
 * https://kubernetes.io/docs/reference/using-api/api-concepts/#field-validation
 */
export const strictFields = { fieldValidation: 'Strict' };
