/** What is read of Kubernetes objects; all their other fields are dropped. */
import * as z from 'zod';

const metadataSchema = z.object({
  name: z.string(),
  namespace: z.string().default(''),
  uid: z.string().default(''),
  creationTimestamp: z.string().nullable().default(null),
  deletionTimestamp: z.string().nullable().default(null),
  finalizers: z.array(z.string()).default([]),
  labels: z.record(z.string(), z.string()).default({}),
  annotations: z.record(z.string(), z.string()).default({}),
  ownerReferences: z.array(z.object({ kind: z.string(), name: z.string() })).default([]),
});
const conditionSchema = z.object({
  type: z.string(),
  status: z.string(),
  reason: z.string().default(''),
  message: z.string().default(''),
  lastTransitionTime: z.string().nullable().default(null),
});
const conditionsSchema = z.array(conditionSchema).default([]);

/** Quantities, by resource. */
const amountsSchema = z.record(z.string(), z.string()).default({});

const terminatedSchema = z.object({
  exitCode: z.number().default(0),
  signal: z.number().default(0),
  reason: z.string().default(''),
  message: z.string().default(''),
  startedAt: z.string().nullable().default(null),
  finishedAt: z.string().nullable().default(null),
  containerID: z.string().default(''),
});
const containerStateSchema = z
  .object({
    waiting: z.object({ reason: z.string().default(''), message: z.string().default('') }).optional(),
    running: z.object({ startedAt: z.string().nullable().default(null) }).optional(),
    terminated: terminatedSchema.optional(),
  })
  .default({});
const containerStatusSchema = z.object({
  name: z.string(),
  containerID: z.string().default(''),
  ready: z.boolean().default(false),
  /** Whether its startup probe has succeeded; true without one, once it runs. */
  started: z.boolean().nullable().default(null),
  restartCount: z.number().default(0),
  state: containerStateSchema,
  lastState: containerStateSchema,
});
const statusesSchema = z.array(containerStatusSchema).default([]);

/** https://kubernetes.io/docs/reference/kubernetes-api/workload-resources/pod-v1/#Probe; the API server fills defaults in. */
const probeSchema = z.object({
  initialDelaySeconds: z.number().default(0),
  periodSeconds: z.number().default(10),
  timeoutSeconds: z.number().default(1),
  failureThreshold: z.number().default(3),
  exec: z.object({}).optional(),
  tcpSocket: z.object({}).optional(),
});
export type Probe = z.infer<typeof probeSchema>;

const containersSchema = z
  .array(
    z.object({
      name: z.string(),
      image: z.string().optional(),
      /** Of an init container: `Always` makes it a sidecar. */
      restartPolicy: z.string().optional(),
      resources: z.object({ limits: amountsSchema, requests: amountsSchema }).prefault({}),
      livenessProbe: probeSchema.optional(),
      startupProbe: probeSchema.optional(),
      volumeMounts: z.array(z.object({ name: z.string(), mountPath: z.string() })).default([]),
      securityContext: z
        .object({
          privileged: z.boolean().nullable().default(null),
          capabilities: z
            .object({ add: z.array(z.string()).nullable().default(null) })
            .nullable()
            .default(null),
        })
        .nullable()
        .default(null),
    }),
  )
  .default([]);

export const namespaceSchema = z.object({ metadata: metadataSchema });

export const podSchema = z.object({
  metadata: metadataSchema,
  spec: z.object({
    nodeName: z.string().default(''),
    /** That of its PriorityClass, which admission fills in. */
    priority: z.number().default(0),
    runtimeClassName: z.string().nullable().default(null),
    restartPolicy: z.string().default('Always'),
    os: z.object({ name: z.string() }).nullable().default(null),
    /** false: the pod has a user namespace of its own. */
    hostUsers: z.boolean().nullable().default(null),
    /** Whether the pod is on its node's own network. */
    hostNetwork: z.boolean().nullable().default(null),
    shareProcessNamespace: z.boolean().nullable().default(null),
    containers: containersSchema,
    initContainers: containersSchema,
    ephemeralContainers: containersSchema,
    volumes: z
      .array(
        z.object({
          name: z.string(),
          emptyDir: z.object({ sizeLimit: z.string().nullish() }).nullish(),
        }),
      )
      .default([]),
  }),
  status: z
    .object({
      phase: z.string().default(''),
      reason: z.string().default(''),
      message: z.string().default(''),
      conditions: conditionsSchema,
      containerStatuses: statusesSchema,
      initContainerStatuses: statusesSchema,
      ephemeralContainerStatuses: statusesSchema,
    })
    .prefault({}),
});
export type Pod = z.infer<typeof podSchema>;
export type ContainerStatus = z.infer<typeof containerStatusSchema>;

const nodeInfoSchema = z.object({
  architecture: z.string().default(''),
  containerRuntimeVersion: z.string().default(''),
  kernelVersion: z.string().default(''),
  kubeletVersion: z.string().default(''),
  osImage: z.string().default(''),
});
export const nodeSchema = z.object({
  metadata: metadataSchema,
  spec: z
    .object({
      unschedulable: z.boolean().default(false),
      taints: z.array(z.object({ key: z.string(), effect: z.string() })).default([]),
    })
    .prefault({}),
  status: z
    .object({
      conditions: conditionsSchema,
      nodeInfo: nodeInfoSchema.prefault({}),
      images: z.array(z.object({ names: z.array(z.string()).nullable().default([]) })).default([]),
    })
    .prefault({}),
});
export type Node = z.infer<typeof nodeSchema>;

export const jobSchema = z.object({
  metadata: metadataSchema,
  spec: z.object({ suspend: z.boolean().nullable().default(false) }).prefault({}),
  status: z.object({ conditions: conditionsSchema }).prefault({}),
});
export type Job = z.infer<typeof jobSchema>;

export const daemonSetSchema = z.object({
  metadata: metadataSchema.extend({ generation: z.number().default(0) }),
  status: z
    .object({
      observedGeneration: z.number().default(0),
      desiredNumberScheduled: z.number().default(0),
      updatedNumberScheduled: z.number().default(0),
      numberReady: z.number().default(0),
    })
    .prefault({}),
});
export type DaemonSet = z.infer<typeof daemonSetSchema>;

export const eventSchema = z.object({
  reason: z.string().default(''),
  message: z.string().default(''),
  type: z.string().default(''),
  /** How often it came. */
  count: z.number().nullable().default(null),
  /** Of an Event that came several times: the last time. */
  lastTimestamp: z.string().nullable().default(null),
  /** Of reporters that speak the newer API, as the scheduler: these have no lastTimestamp. */
  eventTime: z.string().nullable().default(null),
  series: z.object({ count: z.number(), lastObservedTime: z.string().nullable().default(null) }).nullish(),
  involvedObject: z
    .object({
      name: z.string().default(''),
      /** `spec.containers{NAME}` for what concerns one container. */
      fieldPath: z.string().default(''),
    })
    .prefault({}),
});
export type KubernetesEvent = z.infer<typeof eventSchema>;
export const runtimeClassSchema = z.object({ handler: z.string() });

export const quotaSchema = z.object({
  metadata: z.object({ name: z.string() }),
  spec: z
    .object({ scopes: z.array(z.string()).default([]), scopeSelector: z.unknown().optional() })
    .prefault({}),
  status: z.object({ hard: amountsSchema, used: amountsSchema }).prefault({}),
});
/** A ResourceQuota; its amounts are quantities, by resource. */
export type Quota = z.infer<typeof quotaSchema>;

export const limitRangeSchema = z.object({
  metadata: z.object({ name: z.string() }),
  spec: z.object({
    limits: z.array(
      z.object({
        type: z.string(),
        min: amountsSchema,
        max: amountsSchema,
        maxLimitRequestRatio: amountsSchema,
      }),
    ),
  }),
});
/** A LimitRange; its amounts are quantities, by resource. */
export type LimitRange = z.infer<typeof limitRangeSchema>;

/** The API server's version; empty where it does not tell. */
export const versionSchema = z.object({
  major: z.string().default(''),
  minor: z.string().default(''),
  gitVersion: z.string().default(''),
});
/** Of a container of a template, all is compared with that of an earlier one. */
const templateContainerSchema = z.looseObject({ name: z.string(), image: z.string().default('') });
export const replicaSetSchema = z.object({
  metadata: metadataSchema,
  spec: z.object({
    template: z
      .object({ spec: z.object({ containers: z.array(templateContainerSchema).default([]) }).prefault({}) })
      .prefault({}),
  }),
});
export type ReplicaSet = z.infer<typeof replicaSetSchema>;

/** What a SelfSubjectReview is answered with. */
export const userReviewSchema = z.object({
  status: z.object({ userInfo: z.object({ username: z.string().default('') }) }),
});
/** What a SelfSubjectAccessReview is answered with. */
export const accessReviewSchema = z.object({ status: z.object({ allowed: z.boolean() }) });

/** https://kubernetes.io/docs/concepts/overview/working-with-objects/labels/#label-selectors */
export const labelSelectorSchema = z.object({
  matchLabels: z
    .record(z.string(), z.string())
    .nullish()
    .transform((labels) => labels ?? {}),
  matchExpressions: z
    .array(z.object({ key: z.string(), operator: z.string(), values: z.array(z.string()).default([]) }))
    .nullish()
    .transform((expressions) => expressions ?? []),
});
/** The answer of a `scale` subresource; a custom resource need not have a selector there. */
export const scaleSchema = z.object({
  status: z.object({ selector: z.string().default('') }).prefault({}),
});
/** The Jobs of a CronJob that run, and when it made the last one. */
export const cronJobSchema = z.object({
  spec: z.object({ suspend: z.boolean().default(false) }).prefault({}),
  status: z
    .object({
      active: z.array(z.object({ name: z.string() })).default([]),
      lastScheduleTime: z.string().nullable().default(null),
    })
    .prefault({}),
});

/** Makes the schema of a list of such objects. */
export function listOf<Schema extends z.ZodType>(item: Schema) {
  return z.object({
    items: z.array(item),
    /** `continue` is set when a limit has left some out. */
    metadata: z.object({ continue: z.string().default('') }).prefault({}),
  });
}
