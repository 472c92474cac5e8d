import { readdirSync, readFileSync } from 'node:fs';
import { fileURLToPath } from 'node:url';

const REPOSITORY = fileURLToPath(new URL('../../../', import.meta.url));
const SOURCES = 'examples/hello/src/';
const SNIPPET = /\]\((examples\/hello\/src\/[\w.]+)\):\n\n```ts\n([\s\S]*?)```/g;

describe("the README's hello world", () => {
  const readme = readFileSync(`${REPOSITORY}README.md`, 'utf8');
  const snippets = new Map([...readme.matchAll(SNIPPET)].map(([, path = '', code]) => [path, code]));

  it('is the example, file by file', () => {
    for (const [path, code] of snippets) expect(readFileSync(`${REPOSITORY}${path}`, 'utf8')).toBe(code);
  });

  it('leaves no file of the example out', () => {
    const files = readdirSync(`${REPOSITORY}${SOURCES}`).filter((name) => !/\.(spec|itest)\.ts$/.test(name));
    expect([...snippets.keys()].sort()).toEqual(files.map((name) => `${SOURCES}${name}`).sort());
  });
});
