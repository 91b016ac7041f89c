/**
 * The latest bytes of a stream, by their offsets in the stream. It knows nothing of readers or of time.
 *
 * A ring, as chunks that wait for an acknowledgement would outlive V8's young generation: V8 would mark its whole heap
 * again and again while much passes through.
 */
export class OutputRing {
  /** Size of the ring once it is written to; until then it takes no memory, as most outputs are short or empty. */
  #capacityBytes: number;
  #bytes: Buffer | null = null;
  /** Offset of the byte at index 0 when the ring was made. */
  #origin = 0;
  #end = 0;

  constructor(capacityBytes: number) {
    this.#capacityBytes = capacityBytes;
  }

  /** Offset of the first byte that is still there. */
  get start(): number {
    return Math.max(this.#origin, this.#end - this.heldBytes);
  }

  /** Offset after the last byte. */
  get end(): number {
    return this.#end;
  }

  /** Bytes of memory that the ring takes. */
  get heldBytes(): number {
    return this.#bytes?.length ?? 0;
  }

  /** Adds bytes at the end; the oldest ones are overwritten where there is no room. */
  append(chunk: Buffer): void {
    this.#bytes ??= Buffer.allocUnsafeSlow(this.#capacityBytes);
    for (let taken = 0; taken < chunk.length;) {
      const part = chunk.copy(this.#bytes, (this.#end - this.#origin) % this.#bytes.length, taken);
      taken += part;
      this.#end += part;
    }
  }

  /** @returns the bytes from an offset on that lie in one piece, as a view of the ring; null at the end. */
  view(offset: number, maxBytes: number): Buffer | null {
    if (this.#bytes === null || offset >= this.#end) return null;
    const index = (offset - this.#origin) % this.#bytes.length;
    return this.#bytes.subarray(
      index,
      index + Math.min(this.#bytes.length - index, this.#end - offset, maxBytes),
    );
  }

  /** Gives the ring another size, from 0 on. What is before `from` is dropped. */
  resize(from: number, capacityBytes: number): void {
    const kept: Buffer[] = [];
    for (
      let offset = from, part = this.view(offset, Infinity);
      part !== null;
      part = this.view(offset, Infinity)
    ) {
      kept.push(part);
      offset += part.length;
    }
    const bytes = capacityBytes === 0 ? null : Buffer.allocUnsafeSlow(capacityBytes);
    let index = 0;
    for (const part of kept) index += bytes === null ? 0 : part.copy(bytes, index);
    this.#capacityBytes = capacityBytes;
    this.#bytes = bytes;
    this.#origin = from;
  }
}
