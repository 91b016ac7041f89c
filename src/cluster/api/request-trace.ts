/** Levels of `-v` from which on something of a request is told, as kubectl's. */
const levels = { answer: 6, headers: 7, bodies: 8, wholeBodies: 9 } as const;
const maxBodyCharacters = 1024;
/** By their names: those of credentials, also of what stands between here and the API server. */
const secretHeader = /authorization|cookie|token|secret|password|key/i;

type Headers = Record<string, number | string | string[] | undefined>;

/** Tells of requests as verbosely as is wanted, but never a secret. */
export class RequestTrace {
  readonly #verbosity: number;
  readonly #write: (text: string) => void;

  /** @param write gets lines, which hold what others wrote: they have to be escaped. */
  constructor(verbosity: number, write: (text: string) => void) {
    this.#verbosity = verbosity;
    this.#write = write;
  }

  /** Before it is answered: one that never is would else not be told. */
  tellRequest(method: string, url: URL, headers: Headers, body: string | null): void {
    if (this.#verbosity < levels.headers) return;
    const lines = Object.entries(headers).map(([name, value]) => `    ${name}: ${formatHeader(name, value)}`);
    this.#write([`${method} ${formatURL(url)}`, 'Request headers:', ...lines].join('\n'));
    if (body !== null) this.#tellBody('Request', body);
  }

  /** @param status undefined where the server gave none. */
  tellAnswer(method: string, url: URL, status: number | undefined, ms: number): void {
    if (this.#verbosity < levels.answer) return;
    this.#write(`${method} ${formatURL(url)} ${status} in ${ms} ms`);
  }

  /** @param via what stands between here and the API server (ApiConnection). */
  tellRoute(server: URL, via: string): void {
    if (this.#verbosity < levels.answer) return;
    this.#write(`The API server is ${formatURL(server)}, reached ${via === '' ? 'directly' : via.trim()}`);
  }

  /** @param why the request is sent again. */
  tellRetry(method: string, why: string, delayMs: number): void {
    if (this.#verbosity < levels.answer) return;
    this.#write(`${method} is sent again in ${delayMs} ms: ${why}`);
  }

  /** @param body of a watch: each of its lines. */
  tellAnswerBody(body: string): void {
    this.#tellBody('Response', body);
  }

  #tellBody(whose: 'Request' | 'Response', body: string): void {
    if (this.#verbosity < levels.bodies) return;
    const isWhole = this.#verbosity >= levels.wholeBodies || body.length <= maxBodyCharacters;
    const rest = `[${body.length - maxBodyCharacters} characters more; -v 9 shows them]`;
    this.#write(`${whose} body: ${isWhole ? body.trimEnd() : `${body.slice(0, maxBodyCharacters)} ${rest}`}`);
  }
}

/** The scheme of an authorization is told: a wrong one is a cause of failures. */
function formatHeader(name: string, value: Headers[string]): string {
  const text = [value].flat().join(', ');
  if (!secretHeader.test(name)) return text;
  const [scheme = '', credentials] = text.split(' ');
  return /authorization/i.test(name) && credentials !== undefined ? `${scheme} <masked>` : '<masked>';
}

function formatURL(url: URL): string {
  const plain = new URL(url);
  plain.username = '';
  plain.password = '';
  return plain.href;
}
