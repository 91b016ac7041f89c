import * as z from 'zod';

/** kubectl's connection flags, by kubectl's names. What is left out is taken from the kubeconfig. */
export const connectionSchema = z.object({
  kubeconfig: z.string().optional(),
  context: z.string().optional(),
  cluster: z.string().optional(),
  user: z.string().optional(),
  namespace: z.string().optional(),
  as: z.string().optional(),
  asGroup: z.array(z.string()).default([]),
  asUID: z.string().optional(),
  server: z.string().optional(),
  token: z.string().optional(),
  requestTimeoutMs: z.number().int().min(0).default(0),
  insecureSkipTLSVerify: z.boolean().optional(),
  certificateAuthority: z.string().optional(),
  clientCertificate: z.string().optional(),
  clientKey: z.string().optional(),
  tlsServerName: z.string().optional(),
});
export type ConnectionFlags = z.infer<typeof connectionSchema>;
