import { defaultSessionMemoryBytes } from '../../session-api/command-setup.ts';
import type { AgentOptions } from '../agent-pods/agent-spec.ts';

/** An agent as tests want it: with nothing that the user has chosen. */
export const testAgentOptions: AgentOptions = {
  namespace: 'crashcart',
  image: 'registry.example/agent:1',
  imagePullPolicy: 'IfNotPresent',
  imagePullSecrets: [],
  idleSeconds: 300,
  sessionMemoryBytes: defaultSessionMemoryBytes,
  version: '0.1.0',
  toolboxImage: null,
  priorityClass: null,
  patches: [],
};
