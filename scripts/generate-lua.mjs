// Turns libs/store/src/lua/*.lua into libs/store/src/scripts.generated.ts: for each script its text, with includes
// expanded and names given to KEYS and ARGV, and a typed function that calls it.
//
//   node scripts/generate-lua.mjs           writes the file
//   node scripts/generate-lua.mjs --check   fails when the file is stale
//
// A script starts with a comment: prose, then one line per key, argument, reply and include:
//   -- @key name      one key; `nameKey` in the script
//   -- @keys names    all further keys; `firstName` is the index of the first
//   -- @arg name      one argument, as text; @int name: as a number
//   -- @args names    all further arguments; `firstName` is the index of the first
//   -- @returns type  the reply, as a TypeScript type
//   -- @include file  of lua/include, before the script; each file once
import { createHash } from 'node:crypto';
import { readdirSync, readFileSync, writeFileSync } from 'node:fs';
import { dirname, join } from 'node:path';
import { fileURLToPath } from 'node:url';

const luaFolder = join(dirname(fileURLToPath(import.meta.url)), '../libs/store/src/lua');
const target = join(luaFolder, '../scripts.generated.ts');

const singular = (name) => (name.endsWith('ies') ? `${name.slice(0, -3)}y` : name.replace(/s$/, ''));
const capitalised = (name) => name[0].toUpperCase() + name.slice(1);
const indexOfFirst = (name) => `first${capitalised(singular(name))}`;

function headerOf(text, file) {
  const lines = text.split('\n');
  const end = lines.findIndex((line) => !line.startsWith('--'));
  const header = {
    prose: [],
    keys: [],
    args: [],
    includes: [],
    returns: 'unknown',
    restKeys: '',
    restArgs: '',
  };
  for (const line of lines.slice(0, end)) {
    const match = /^-- @(\w+)\s+(\S+)\s*(.*)$/.exec(line);
    if (!match) {
      header.prose.push(line.replace(/^--\s?/, ''));
      continue;
    }
    const [, kind, name, rest] = match;
    if (kind === 'key') header.keys.push({ name, note: rest });
    else if (kind === 'keys') header.restKeys = name;
    else if (kind === 'arg' || kind === 'int') header.args.push({ name, kind, note: rest });
    else if (kind === 'args') header.restArgs = name;
    else if (kind === 'returns') header.returns = `${name} ${rest}`.trim();
    else if (kind === 'include') header.includes.push(name);
    else throw new Error(`${file}: unknown header line @${kind}`);
  }
  return { header, body: lines.slice(end).join('\n').trim() };
}

function included(name, seen) {
  if (seen.has(name)) return '';
  seen.add(name);
  const { header, body } = headerOf(readFileSync(join(luaFolder, 'include', name), 'utf8'), name);
  return header.includes.map((inner) => included(inner, seen)).join('') + `${body}\n`;
}

/**
 * Leaves out of the includes what the script does not use: every call of a script makes all of its functions anew. An
 * include is a sequence of statements that begin at the start of a line; each may define names.
 */
function used(includes, body) {
  const statements = includes.split(/\n(?=local |if )/);
  const kept = [];
  let text = body;
  for (const statement of statements.reverse()) {
    const [, names = ''] = /^local (?:function )?([\w, ]+)/.exec(statement) ?? [];
    const defines = names.split(',').map((name) => name.trim());
    if (names !== '' && !defines.some((name) => new RegExp(`\\b${name}\\b`).test(text))) continue;
    kept.unshift(statement);
    text += statement;
  }
  return kept.join('\n');
}

/** Comments and indentation cost nothing at run time but bytes on the wire when a server is met for the first time. */
function stripped(lua) {
  return lua
    .split('\n')
    .map((line) => line.replace(/^\s*--.*$/, '').trim())
    .filter((line) => line !== '')
    .join('\n');
}

function scriptOf(file) {
  const name = file.replace('.lua', '');
  const { header, body } = headerOf(readFileSync(join(luaFolder, file), 'utf8'), file);
  const prelude = [
    ...header.keys.map(({ name: key }, i) => `local ${key}Key = KEYS[${i + 1}]`),
    ...(header.restKeys ? [`local ${indexOfFirst(header.restKeys)} = ${header.keys.length + 1}`] : []),
    ...header.args.map(({ name: arg, kind }, i) =>
      kind === 'int' ? `local ${arg} = tonumber(ARGV[${i + 1}])` : `local ${arg} = ARGV[${i + 1}]`,
    ),
    ...(header.restArgs ? [`local ${indexOfFirst(header.restArgs)} = ${header.args.length + 1}`] : []),
  ];
  const seen = new Set();
  const includes = header.includes.map((include) => included(include, seen)).join('');
  const lua = stripped(`${prelude.join('\n')}\n${used(includes, body)}\n${body}`);
  for (const { name: key } of header.keys) {
    if (!new RegExp(`\\b${key}Key\\b`).test(lua.slice(prelude.join('\n').length))) {
      throw new Error(`${file}: key ${key} is declared and never used`);
    }
  }
  return { name, header, lua, sha: createHash('sha1').update(lua).digest('hex') };
}

function typescriptOf({ name, header, lua, sha }) {
  const type = `${capitalised(name)}Input`;
  const property = (key, kind, note) =>
    `${note ? `  /** ${capitalised(note)}. */\n` : ''}  readonly ${key}: ${kind};`;
  const properties = [
    ...header.keys.map(({ name: key, note }) => property(`${key}Key`, 'string', note)),
    ...(header.restKeys ? [property(`${singular(header.restKeys)}Keys`, 'readonly string[]', '')] : []),
    ...header.args.map(({ name: arg, kind, note }) =>
      property(arg, kind === 'int' ? 'number' : 'ScriptText', note),
    ),
    ...(header.restArgs ? [property(header.restArgs, 'readonly ScriptArgument[]', '')] : []),
  ];
  const keys = header.keys.map(({ name: key }) => `input.${key}Key`);
  if (header.restKeys) keys.push(`...input.${singular(header.restKeys)}Keys`);
  const args = header.args.map(({ name: arg }) => `input.${arg}`);
  if (header.restArgs) args.push(`...input.${header.restArgs}`);
  const keyCount = header.restKeys
    ? `${header.keys.length} + input.${singular(header.restKeys)}Keys.length`
    : `${header.keys.length}`;
  return `/** What {@link ${name}} takes. */
interface ${type} {
${properties.join('\n')}
}

/** What {@link ${name}} replies. */
type ${capitalised(name)}Reply = ${header.returns};

const ${name}Script: Script = {
  name: '${name}',
  sha: '${sha}',
  lua: ${JSON.stringify(lua)},
};

/**
${header.prose.map((line) => ` * ${line}`).join('\n')}
 */
export function ${name}(run: ScriptRunner, input: ${type}): Promise<${capitalised(name)}Reply> {
  return run(${name}Script, [${keyCount}, ${[...keys, ...args].join(', ')}]) as Promise<${capitalised(name)}Reply>;
}
`;
}

const scripts = readdirSync(luaFolder)
  .filter((file) => file.endsWith('.lua'))
  .sort()
  .map(scriptOf);
const generated = `// Generated by scripts/generate-lua.mjs from libs/store/src/lua. Do not edit.
import type { Script, ScriptArgument, ScriptRunner, ScriptText } from './script.js';

${scripts.map(typescriptOf).join('\n')}
/** Every script, for loading them ahead of their first use. */
export const SCRIPTS: readonly Script[] = [${scripts.map(({ name }) => `${name}Script`).join(', ')}];
`;

if (process.argv.includes('--check')) {
  const current = readFileSync(target, 'utf8');
  if (current !== generated) {
    console.error(`${target} is stale: run node scripts/generate-lua.mjs and commit the result`);
    process.exit(1);
  }
} else {
  writeFileSync(target, generated);
  console.log(`wrote ${scripts.length} scripts to ${target}`);
}
