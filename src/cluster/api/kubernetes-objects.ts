/** What is read of Kubernetes' objects; everything else in them is dropped. */
import * as z from 'zod';

const metadataSchema = z.object({
  name: z.string(),
  namespace: z.string().default(''),
  uid: z.string().default(''),
  creationTimestamp: z.string().nullable().default(null),
  deletionTimestamp: z.string().nullable().default(null),
  labels: z.record(z.string(), z.string()).default({}),
  annotations: z.record(z.string(), z.string()).default({}),
});
const conditionSchema = z.object({
  type: z.string(),
  status: z.string(),
  reason: z.string().default(''),
  message: z.string().default(''),
  lastTransitionTime: z.string().nullable().default(null),
});
const conditionsSchema = z.array(conditionSchema).default([]);

const terminatedSchema = z.object({
  exitCode: z.number().default(0),
  signal: z.number().default(0),
  reason: z.string().default(''),
  message: z.string().default(''),
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
  restartCount: z.number().default(0),
  state: containerStateSchema,
  lastState: containerStateSchema,
});
const statusesSchema = z.array(containerStatusSchema).default([]);
const containersSchema = z.array(z.object({ name: z.string(), image: z.string().optional() })).default([]);

export const namespaceSchema = z.object({ metadata: metadataSchema });

export const podSchema = z.object({
  metadata: metadataSchema,
  spec: z.object({
    nodeName: z.string().default(''),
    runtimeClassName: z.string().nullable().default(null),
    os: z.object({ name: z.string() }).nullable().default(null),
    containers: containersSchema,
    initContainers: containersSchema,
    ephemeralContainers: containersSchema,
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
  type: z.string().default(''),
  reason: z.string().default(''),
  message: z.string().default(''),
});
export const runtimeClassSchema = z.object({ handler: z.string() });

/** A workload's or a service's selector: services have the labels alone. */
export const selectedSchema = z.object({
  spec: z.object({
    selector: z
      .union([
        z.object({
          matchLabels: z.record(z.string(), z.string()).default({}),
          matchExpressions: z
            .array(
              z.object({ key: z.string(), operator: z.string(), values: z.array(z.string()).default([]) }),
            )
            .default([]),
        }),
        z.null(),
      ])
      .optional(),
  }),
});
export const serviceSchema = z.object({
  spec: z.object({ selector: z.record(z.string(), z.string()).nullable().default(null) }),
});

/** @returns the schema of a list of such objects. */
export function listOf<Schema extends z.ZodType>(item: Schema) {
  return z.object({
    items: z.array(item),
    /** `continue` is set when a limit left some out. */
    metadata: z.object({ continue: z.string().default('') }).prefault({}),
  });
}

export const podEventSchema = eventSchema.extend({
  involvedObject: z.object({ name: z.string().default('') }),
});
