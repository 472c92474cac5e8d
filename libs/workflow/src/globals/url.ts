/** The parts of the host's URL classes that are wrapped. */
interface HostSearchParams {
  append(name: string, value: string): void;
  delete(name: string, value?: string): void;
  get(name: string): string | null;
  has(name: string, value?: string): boolean;
  set(name: string, value: string): void;
  sort(): void;
  toString(): string;
  forEach(visit: (value: string, name: string) => void): void;
}
type UrlPart = (typeof WRITABLE_PARTS)[number] | 'origin';
type HostUrl = Record<UrlPart, string> & { readonly searchParams: HostSearchParams };

/** What URLs need of the host. */
export interface HostUrls {
  createUrl(input: string, base: string | undefined): HostUrl;
  createSearchParams(init: string): HostSearchParams;
}

const WRITABLE_PARTS = [
  ...(['href', 'protocol', 'username', 'password', 'host', 'hostname'] as const),
  ...(['port', 'pathname', 'search', 'hash'] as const),
] as const;

/** `URL` and `URLSearchParams` of the workflow realm: the host's do the work, but only text passes to and fro. */
export function makeUrls(host: HostUrls): { readonly URL: object; readonly URLSearchParams: object } {
  class URLSearchParams {
    readonly #params: HostSearchParams;

    constructor(init?: string | object | null, wrapped?: HostSearchParams) {
      this.#params = wrapped ?? host.createSearchParams(typeof init === 'string' ? init : '');
      if (typeof init !== 'object' || init === null) return;
      for (const [name, value] of pairsOf(init)) this.append(name, value);
    }

    get size(): number {
      return this.#pairs().length;
    }
    append(name: string, value: string): void {
      this.#params.append(name, value);
    }
    delete(name: string, value?: string): void {
      if (value === undefined) this.#params.delete(name);
      else this.#params.delete(name, value);
    }
    get(name: string): string | null {
      return this.#params.get(name);
    }
    getAll(name: string): string[] {
      return this.#pairs().flatMap(([key, value]) => (key === name ? [value] : []));
    }
    has(name: string, value?: string): boolean {
      return value === undefined ? this.#params.has(name) : this.#params.has(name, value);
    }
    set(name: string, value: string): void {
      this.#params.set(name, value);
    }
    sort(): void {
      this.#params.sort();
    }
    toString(): string {
      return this.#params.toString();
    }
    forEach(visit: (value: string, name: string, params: URLSearchParams) => void): void {
      for (const [name, value] of this.#pairs()) visit(value, name, this);
    }
    keys(): IterableIterator<string> {
      return this.#pairs()
        .map(([name]) => name)
        .values();
    }
    values(): IterableIterator<string> {
      return this.#pairs()
        .map(([, value]) => value)
        .values();
    }
    entries(): IterableIterator<[string, string]> {
      return this.#pairs().values();
    }
    [Symbol.iterator](): IterableIterator<[string, string]> {
      return this.entries();
    }

    #pairs(): [string, string][] {
      const pairs: [string, string][] = [];
      this.#params.forEach((value, name) => pairs.push([name, value]));
      return pairs;
    }
  }

  const hostUrls = new WeakMap<object, HostUrl>();
  const hostUrlOf = (url: object): HostUrl => {
    const hostUrl = hostUrls.get(url);
    if (!hostUrl) throw new TypeError('this is not a URL');
    return hostUrl;
  };

  class URL {
    #searchParams: URLSearchParams | undefined;

    constructor(input: string | URL, base?: string | URL) {
      try {
        hostUrls.set(this, host.createUrl(input.toString(), base?.toString()));
      } catch {
        throw new TypeError(`Invalid URL: ${String(input)}`);
      }
    }

    static canParse(input: string, base?: string): boolean {
      try {
        return new this(input, base) instanceof URL;
      } catch {
        return false;
      }
    }

    get origin(): string {
      return hostUrlOf(this).origin;
    }
    get searchParams(): URLSearchParams {
      this.#searchParams ??= new URLSearchParams(undefined, hostUrlOf(this).searchParams);
      return this.#searchParams;
    }
    toString(): string {
      return hostUrlOf(this).href;
    }
    toJSON(): string {
      return hostUrlOf(this).href;
    }
  }

  for (const part of WRITABLE_PARTS) {
    Object.defineProperty(URL.prototype, part, {
      enumerable: true,
      configurable: true,
      get(this: object) {
        return hostUrlOf(this)[part];
      },
      set(this: object, value: unknown) {
        try {
          hostUrlOf(this)[part] = String(value);
        } catch {
          throw new TypeError(`Invalid URL: ${String(value)}`);
        }
      },
    });
  }
  return { URL, URLSearchParams };
}

function pairsOf(init: object): [string, string][] {
  return Symbol.iterator in init
    ? Array.from(init as Iterable<[string, string]>)
    : Object.entries(init as Record<string, string>);
}
