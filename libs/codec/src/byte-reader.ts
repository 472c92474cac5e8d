/** Stored bytes that do not have the layout this version writes. */
export class CorruptEncodingError extends Error {
  override readonly name = 'CorruptEncodingError';
}

/** Beyond this factor a varint holds more than a safe integer. */
const MAX_VARINT_FACTOR = 2 ** 49;

/** Reads what a ByteWriter wrote. Slices that it returns share memory with the input. */
export class ByteReader {
  private readonly area: Buffer;
  position = 0;
  readonly end: number;

  constructor(bytes: Uint8Array) {
    this.area = Buffer.isBuffer(bytes)
      ? bytes
      : Buffer.from(bytes.buffer, bytes.byteOffset, bytes.byteLength);
    this.end = this.area.length;
  }

  byte(): number {
    const value = this.area[this.position++];
    if (value === undefined) throw new CorruptEncodingError('the encoded value ends too early');
    return value;
  }

  fixed(bytes: number): number {
    this.need(bytes);
    const value = this.area.readUIntBE(this.position, bytes);
    this.position += bytes;
    return value;
  }

  varint(): number {
    let value = 0;
    let factor = 1;
    for (;;) {
      const byte = this.byte();
      value += (byte & 0x7f) * factor;
      if (byte < 0x80) return value;
      if (factor === MAX_VARINT_FACTOR) throw new CorruptEncodingError('a number is too large');
      factor *= 0x80;
    }
  }

  double(): number {
    this.need(8);
    const value = this.area.readDoubleBE(this.position);
    this.position += 8;
    return value;
  }

  /** The next `size` bytes, sharing memory. */
  slice(size: number): Buffer {
    this.need(size);
    const value = this.area.subarray(this.position, this.position + size);
    this.position += size;
    return value;
  }

  /** Text preceded by its length. */
  text(): string {
    const size = this.varint();
    this.need(size);
    const value = this.area.toString('utf8', this.position, this.position + size);
    this.position += size;
    return value;
  }

  private need(bytes: number): void {
    if (this.position + bytes > this.end) throw new CorruptEncodingError('the encoded value ends too early');
  }
}
