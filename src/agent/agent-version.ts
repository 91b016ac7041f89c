import packageJSON from '../../package.json' with { type: 'json' };

/** The version that client and agent are released with. */
export const agentVersion: string = packageJSON.version;
