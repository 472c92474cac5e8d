const INITIAL_CAPACITY = 16 * 1024;
/** A scratch area that grew past this is given back after use. */
const KEPT_CAPACITY = 1024 * 1024;

/** Appends numbers, text and bytes to one reusable scratch area. Not re-entrant: finish one value before the next. */
export class ByteWriter {
  private area = Buffer.allocUnsafeSlow(INITIAL_CAPACITY);
  private length = 0;

  /** Forgets what was written. */
  reset(): void {
    this.length = 0;
    if (this.area.length > KEPT_CAPACITY) this.area = Buffer.allocUnsafeSlow(INITIAL_CAPACITY);
  }

  /** Bytes written so far. */
  get position(): number {
    return this.length;
  }

  byte(value: number): void {
    this.reserve(1);
    this.area[this.length++] = value;
  }

  /** An unsigned integer of a fixed number of bytes, most significant first. */
  fixed(value: number, bytes: number): void {
    this.reserve(bytes);
    this.area.writeUIntBE(value, this.length, bytes);
    this.length += bytes;
  }

  /**
   * A non-negative safe integer in groups of seven bits, least significant first; a fraction is cut off.
   *
   * @throws RangeError for any other number: written, it could not be read again
   */
  varint(value: number): void {
    if (!(value >= 0 && value <= Number.MAX_SAFE_INTEGER))
      throw new RangeError(`cannot write the number ${value}`);
    this.reserve(8);
    let rest = value;
    while (rest >= 0x80) {
      this.area[this.length++] = (rest % 0x80) | 0x80;
      rest = Math.floor(rest / 0x80);
    }
    this.area[this.length++] = rest;
  }

  /** A double of eight bytes. */
  double(value: number): void {
    this.reserve(8);
    this.length = this.area.writeDoubleBE(value, this.length);
  }

  bytes(value: Uint8Array): void {
    this.reserve(value.byteLength);
    this.area.set(value, this.length);
    this.length += value.byteLength;
  }

  /** Text in UTF-8, preceded by its length in bytes. */
  text(value: string): void {
    const most = value.length * 3;
    this.reserve(most + 5);
    if (most < 0x80) {
      const written = this.area.write(value, this.length + 1, 'utf8');
      this.area[this.length] = written;
      this.length += written + 1;
    } else {
      const size = Buffer.byteLength(value, 'utf8');
      this.varint(size);
      this.length += this.area.write(value, this.length, 'utf8');
    }
  }

  /**
   * What `write` appends, preceded by its length. The length takes as many bytes as it needs; the content is moved
   * by as much when that is more than one.
   */
  sized(write: () => void): void {
    const start = this.length;
    this.byte(0);
    write();
    const size = this.length - start - 1;
    if (size < 0x80) {
      this.area[start] = size;
      return;
    }
    const extra = varintSize(size) - 1;
    this.reserve(extra);
    this.area.copyWithin(start + 1 + extra, start + 1, this.length);
    const end = this.length + extra;
    this.length = start;
    this.varint(size);
    this.length = end;
  }

  /** A copy of what was written from `start` on. */
  copy(start = 0): Buffer {
    return Buffer.from(this.area.subarray(start, this.length));
  }

  private reserve(bytes: number): void {
    const needed = this.length + bytes;
    if (needed <= this.area.length) return;
    const larger = Buffer.allocUnsafeSlow(Math.max(needed, this.area.length * 2));
    this.area.copy(larger, 0, 0, this.length);
    this.area = larger;
  }
}

function varintSize(value: number): number {
  let size = 1;
  for (let rest = value; rest >= 0x80; rest = Math.floor(rest / 0x80)) size++;
  return size;
}
