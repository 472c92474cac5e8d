/** What text coding needs of the host. */
export interface HostTextCoding {
  /** The UTF-8 bytes of a text, in an array of the host's realm. */
  encodeUtf8(text: string): Uint8Array;
  /** @throws when `fatal` and the bytes are ill-formed */
  decodeUtf8(bytes: Uint8Array, fatal: boolean, ignoreByteOrderMark: boolean): string;
}

/** Texts up to this length are encoded here when they are ASCII: leaving the realm costs more. */
const SHORT_TEXT_LENGTH = 200;

/** `TextEncoder` and `TextDecoder` (UTF-8 only) of the workflow realm. */
export function makeTextCoding(host: HostTextCoding) {
  class TextEncoder {
    readonly encoding = 'utf-8';

    encode(input: unknown = ''): Uint8Array {
      const text = String(input);
      return (text.length <= SHORT_TEXT_LENGTH && encodeAscii(text)) || new Uint8Array(host.encodeUtf8(text));
    }

    encodeInto(input: string, destination: Uint8Array): { read: number; written: number } {
      let read = 0;
      let written = 0;
      for (const character of input) {
        const bytes = this.encode(character);
        if (written + bytes.length > destination.length) break;
        destination.set(bytes, written);
        written += bytes.length;
        read += character.length;
      }
      return { read, written };
    }
  }

  class TextDecoder {
    readonly encoding = 'utf-8';
    readonly fatal: boolean;
    readonly ignoreBOM: boolean;

    constructor(label = 'utf-8', options: { fatal?: boolean; ignoreBOM?: boolean } = {}) {
      if (!/^\s*(utf-?8|unicode-1-1-utf-8)\s*$/i.test(label)) {
        throw new RangeError(`workflow code decodes UTF-8 only, not "${label}"`);
      }
      this.fatal = options.fatal ?? false;
      this.ignoreBOM = options.ignoreBOM ?? false;
    }

    decode(input?: ArrayBuffer | ArrayBufferView): string {
      if (input === undefined) return '';
      try {
        return host.decodeUtf8(bytesOf(input), this.fatal, this.ignoreBOM);
      } catch {
        throw new TypeError('the bytes are not well-formed UTF-8');
      }
    }
  }

  return { TextEncoder, TextDecoder };
}

function encodeAscii(text: string): Uint8Array | undefined {
  const bytes = new Uint8Array(text.length);
  for (let index = 0; index < text.length; index++) {
    const code = text.charCodeAt(index);
    if (code > 0x7f) return undefined;
    bytes[index] = code;
  }
  return bytes;
}

function bytesOf(input: ArrayBuffer | ArrayBufferView): Uint8Array {
  return ArrayBuffer.isView(input)
    ? new Uint8Array(input.buffer, input.byteOffset, input.byteLength)
    : new Uint8Array(input);
}
