/** kubectl's connection flags, by kubectl's names. What is left out is taken from the kubeconfig. */
export interface ConnectionFlags {
  kubeconfig?: string | undefined;
  context?: string | undefined;
  cluster?: string | undefined;
  user?: string | undefined;
  namespace?: string | undefined;
  as?: string | undefined;
  asGroup: string[];
  asUID?: string | undefined;
  /** Each as KEY=VALUE. */
  asUserExtra: string[];
  server?: string | undefined;
  token?: string | undefined;
  username?: string | undefined;
  password?: string | undefined;
  /** 0: the default of each request. */
  requestTimeoutMs: number;
  insecureSkipTLSVerify?: boolean | undefined;
  certificateAuthority?: string | undefined;
  clientCertificate?: string | undefined;
  clientKey?: string | undefined;
  tlsServerName?: string | undefined;
  proxyURL?: string | undefined;
}
