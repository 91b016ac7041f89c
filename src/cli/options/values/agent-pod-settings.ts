import { readFileSync } from 'node:fs';
import { load } from 'js-yaml';
import * as z from 'zod';
import { type AgentOptions, describeAgent } from '../../../cluster/agent-pods/agent-spec.ts';
import { type AgentPatch, agentPatchSchema } from '../../../cluster/agent-pods/patch/agent-patch.ts';
import { getErrorMessage } from '../../../failure/error-message.ts';

/** What tells a patch from the name of a file that has one. */
const patchText = /^\s*(\{|(metadata|spec):)|\n/;
/** Stands for any agent: whether a patch is possible does not depend on the agent. */
const sample: AgentOptions = {
  ...{ namespace: 'any', image: 'any', imagePullPolicy: 'Never', imagePullSecrets: [], version: '' },
  ...{ idleSeconds: 0, sessionMemoryBytes: 0, toolboxImage: 'any', priorityClass: null, patches: [] },
};

/** A strategic merge patch in YAML or JSON, or a file that has one. */
export const agentPatchTextSchema = z.string().transform((text, context): AgentPatch => {
  const fail = (message: string) => {
    context.addIssue({ code: 'custom', message });
    return z.NEVER;
  };
  try {
    const isFile = !patchText.test(text);
    const parsed = agentPatchSchema.safeParse(load(isFile ? readFileSync(text, 'utf8') : text));
    if (!parsed.success) return fail(describePlaces(parsed.error));
    describeAgent('any', { ...sample, patches: [parsed.data] });
    return parsed.data;
  } catch (error) {
    return fail(getErrorMessage(error));
  }
});

/** `KEY=VALUE` of a label or an annotation; what values may be, the cluster decides. */
export const namedValueSchema = z.string().transform((text, context): [name: string, value: string] => {
  const [, name, value] = /^([^=\s]+)=(.*)$/s.exec(text) ?? [];
  if (name !== undefined && value !== undefined) return [name, value];
  context.addIssue({ code: 'custom', message: `"${text}" is not KEY=VALUE` });
  return z.NEVER;
});

/** `requests.RESOURCE=QUANTITY` or `limits.RESOURCE=QUANTITY`. */
export const resourceSchema = z.string().transform((text, context) => {
  const [, kind, name = '', quantity = ''] =
    /^(requests|limits)\.([\w./-]+)=([\d.]+[A-Za-z]*)$/.exec(text) ?? [];
  if (kind === 'requests' || kind === 'limits') return { kind, name, quantity } as const;
  const message = `"${text}" is not a resource: write it as limits.memory=1Gi or requests.cpu=100m`;
  context.addIssue({ code: 'custom', message });
  return z.NEVER;
});

function describePlaces({ issues }: z.ZodError): string {
  return issues.map(({ path, message }) => `${path.join('.') || 'the patch'}: ${message}`).join('; ');
}
