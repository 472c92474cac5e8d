// Node.js and the workflow sandbox both have these; their types are declared here, because this library is compiled
// without the types of either.
declare class TextEncoder {
  encode(text: string): Uint8Array<ArrayBuffer>;
}
declare class TextDecoder {
  decode(bytes: Uint8Array): string;
}

// Made at first use: the sandbox evaluates this module before it has them.
let encoder: TextEncoder | undefined;
let decoder: TextDecoder | undefined;

/** The UTF-8 bytes of a text. */
export function encodeUtf8(text: string): Uint8Array<ArrayBuffer> {
  encoder ??= new TextEncoder();
  return encoder.encode(text);
}

/** The text of UTF-8 bytes; ill-formed sequences become U+FFFD. */
export function decodeUtf8(bytes: Uint8Array): string {
  decoder ??= new TextDecoder();
  return decoder.decode(bytes);
}
