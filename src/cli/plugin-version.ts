import packageJSON from '../../package.json' with { type: 'json' };

/** The version that client and agent are released with. */
export const version: string = packageJSON.version;

/**
 * The agent's image: a release names its own (esbuild.config.ts), and a checkout what was built from it, which
 * plugin/kubectl-crashcart says.
 */
export const agentImage: string =
  'agentImage' in packageJSON
    ? String(packageJSON.agentImage)
    : process.env['CRASHCART_CHECKOUT_IMAGE'] || `crashcart.dev/agent:${version}`;
