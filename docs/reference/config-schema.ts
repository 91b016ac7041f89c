import * as z from 'zod';
import { configSchema } from '../../src/config/config-schema.ts';

/** @returns the text of docs/config.schema.json, by which editors complete and check the configuration file. */
export function formatConfigSchema(): string {
  const title = 'Configuration of kubectl-crashcart';
  return `${JSON.stringify({ title, ...z.toJSONSchema(configSchema, { io: 'input' }) }, null, 2)}\n`;
}
