/** What API servers say of their own resources. */
import * as z from 'zod';

/** https://kubernetes.io/docs/reference/using-api/api-concepts/ (apidiscovery.k8s.io/v2) */
const aggregatedSchema = z.object({
  kind: z.literal('APIGroupDiscoveryList'),
  items: z.array(
    z.object({
      /** The core group has no name. */
      metadata: z.object({ name: z.string().default('') }).prefault({}),
      versions: z
        .array(
          z.object({
            version: z.string(),
            resources: z
              .array(
                z.object({
                  resource: z.string(),
                  singularResource: z.string().default(''),
                  responseKind: z.object({ kind: z.string().default('') }).nullish(),
                  scope: z.string().default(''),
                  shortNames: z.array(z.string()).default([]),
                  subresources: z.array(z.object({ subresource: z.string() })).default([]),
                }),
              )
              .default([]),
          }),
        )
        .default([]),
    }),
  ),
});

/** The answers of older servers, which name groups and versions only. */
const versionsSchema = z.object({ kind: z.literal('APIVersions'), versions: z.array(z.string()) });
const groupsSchema = z.object({
  kind: z.literal('APIGroupList'),
  groups: z.array(z.object({ versions: z.array(z.object({ groupVersion: z.string() })) })),
});

export const discoverySchema = z.discriminatedUnion('kind', [aggregatedSchema, versionsSchema, groupsSchema]);
export type DiscoveryAnswer = z.infer<typeof discoverySchema>;

/** Subresources are entries of their own: `deployments/scale`. */
export const resourceListSchema = z.object({
  resources: z
    .array(
      z.object({
        name: z.string(),
        singularName: z.string().default(''),
        kind: z.string().default(''),
        shortNames: z.array(z.string()).default([]),
        namespaced: z.boolean().default(false),
      }),
    )
    .default([]),
});
export type ResourceList = z.infer<typeof resourceListSchema>;
