/** What is put in order. */
export interface TimedItem {
  /** Nanoseconds since 1970. */
  time: bigint;
  /** What it takes in memory. */
  bytes: number;
}

export interface MergeLimits {
  /** How long an item waits for a source that is silent: the source may still have an earlier one. */
  windowMs: number;
  /** What may wait in memory, but for what each source brings at once. */
  maxBytes: number;
  /** Milliseconds of a clock that only goes forward. */
  now?: () => number;
}

/** One of the streams that are merged. Its items come in the order of their times, or nearly so. */
export interface MergeSource<Item> {
  /** Adds items. Settles when there is room for more. */
  push: (items: Item[]) => Promise<void>;
  /** No more will come. */
  end: () => void;
}

interface Arrival<Item> {
  items: Item[];
  next: number;
  arrivedMs: number;
}

interface Queue<Item> {
  arrivals: Arrival<Item>[];
  hasEnded: boolean;
}

const maxBatchBytes = 1024 * 1024;

/**
 * Merges streams in the order of time. An item is passed on when every stream has a later one, or when it has waited for
 * the window, so that a silent stream does not hold the others; and at once when the memory is used up. Nothing is lost:
 * what comes too late for its place is passed on out of order, and counted.
 */
export class TimeMerge<Item extends TimedItem> {
  readonly #windowMs: number;
  readonly #maxBytes: number;
  readonly #now: () => number;
  readonly #queues = new Set<Queue<Item>>();
  #bytes = 0;
  #lastTime = 0n;
  #lateItems = 0;
  #isClosed = false;
  #isAbandoned = false;
  #wake: () => void = () => undefined;
  #waiting: (() => void)[] = [];

  constructor({ windowMs, maxBytes, now = () => performance.now() }: MergeLimits) {
    this.#windowMs = windowMs;
    this.#maxBytes = maxBytes;
    this.#now = now;
  }

  /** Items that were passed on after a later one. */
  get lateItems(): number {
    return this.#lateItems;
  }

  /** What waits now. */
  get bytes(): number {
    return this.#bytes;
  }

  /** Adds a stream, which is waited for from now on. */
  addSource(): MergeSource<Item> {
    const queue: Queue<Item> = { arrivals: [], hasEnded: false };
    this.#queues.add(queue);
    return {
      push: (items) => this.#push(queue, items),
      end: () => {
        queue.hasEnded = true;
        if (queue.arrivals.length === 0) this.#queues.delete(queue);
        this.#wake();
      },
    };
  }

  /** No more sources will be added: the merge ends when those that are there have ended. */
  close(): void {
    this.#isClosed = true;
    this.#wake();
  }

  /** Takes all that still comes, and drops it. */
  abandon(): void {
    this.#isAbandoned = true;
    this.#queues.clear();
    this.#bytes = 0;
    this.#admit();
    this.#wake();
  }

  /** @returns the items in their order. The next ones are made when the last ones are done with. */
  async *[Symbol.asyncIterator](): AsyncGenerator<Item[]> {
    while (!this.#isAbandoned) {
      const { items, bytes } = this.#release();
      if (items.length > 0) {
        yield items;
        // Only now: what is being written takes memory as well.
        this.#bytes = Math.max(0, this.#bytes - bytes);
        this.#admit();
      } else if (this.#isClosed && this.#queues.size === 0) return;
      else await this.#waitForChange();
    }
  }

  async #push(queue: Queue<Item>, items: Item[]): Promise<void> {
    if (this.#isAbandoned || items.length === 0) return;
    // The kernel's processors stamp packets beside each other, and so not always in their order.
    const ordered = items.toSorted((one, other) => Number(one.time - other.time));
    queue.arrivals.push({ items: ordered, next: 0, arrivedMs: this.#now() });
    for (const { bytes } of items) this.#bytes += bytes;
    this.#wake();
    if (this.#bytes > this.#maxBytes) await new Promise<void>((resolve) => this.#waiting.push(resolve));
  }

  #admit(): void {
    if (this.#bytes > this.#maxBytes) return;
    for (const resolve of this.#waiting.splice(0)) resolve();
  }

  #release(): { items: Item[]; bytes: number } {
    const nowMs = this.#now();
    const items: Item[] = [];
    let bytes = 0;
    while (bytes < maxBatchBytes) {
      const queue = this.#findEarliest();
      const arrival = queue?.arrivals[0];
      const item = arrival?.items[arrival.next];
      if (queue === null || arrival === undefined || item === undefined) break;
      const hasWaited = nowMs - arrival.arrivedMs >= this.#windowMs;
      const isFull = this.#bytes - bytes > this.#maxBytes;
      if (!hasWaited && !isFull && this.#isAnySilent()) break;
      if (++arrival.next === arrival.items.length) queue.arrivals.shift();
      if (queue.hasEnded && queue.arrivals.length === 0) this.#queues.delete(queue);
      if (item.time < this.#lastTime) this.#lateItems++;
      else this.#lastTime = item.time;
      bytes += item.bytes;
      items.push(item);
    }
    return { items, bytes };
  }

  #findEarliest(): Queue<Item> | null {
    let earliest: Queue<Item> | null = null;
    let earliestTime = 0n;
    for (const queue of this.#queues) {
      const time = getHead(queue)?.time;
      if (time === undefined || (earliest !== null && time >= earliestTime)) continue;
      earliest = queue;
      earliestTime = time;
    }
    return earliest;
  }

  #isAnySilent(): boolean {
    for (const { arrivals } of this.#queues) if (arrivals.length === 0) return true;
    return false;
  }

  /** Waits for an item, for the end of a stream, or until the window of the earliest item is over. */
  async #waitForChange(): Promise<void> {
    const earliest = this.#findEarliest()?.arrivals[0];
    const { promise, resolve } = Promise.withResolvers<void>();
    this.#wake = resolve;
    const leftMs = earliest === undefined ? null : earliest.arrivedMs + this.#windowMs - this.#now();
    const timer = leftMs === null ? null : setTimeout(resolve, Math.max(1, leftMs));
    await promise;
    if (timer !== null) clearTimeout(timer);
  }
}

function getHead<Item>({ arrivals }: Queue<Item>): Item | undefined {
  const [arrival] = arrivals;
  return arrival?.items[arrival.next];
}
