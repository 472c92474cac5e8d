import { readConfigurationFile } from './configuration-file.js';
import type { ConfigurationFile } from './configuration-file.js';
import { nearestName } from './nearest-name.js';
import type { Environment, SettingTable, SettingValue } from './setting.js';

/** A configuration that a process must not start with; one line for each fault. */
export class ConfigurationError extends Error {
  override readonly name = 'ConfigurationError';

  constructor(readonly faults: readonly string[]) {
    super(faults.join('\n'));
  }
}

/** How a process is configured. */
export interface SettingSources<Table extends SettingTable> {
  readonly table: Table;
  /** Known names of variables that belong to other programs, which may share an environment with this one. */
  readonly foreign: RegExp;
  /** Other names that are taken too, by the name that goes before them. */
  readonly aliases?: Readonly<Record<string, string>>;
  /** The variable that may name a file with the same settings; left out: there is no such file. */
  readonly fileVariable?: string;
}

type Name<Table extends SettingTable> = keyof Table & string;

const OUR_PREFIX = 'TIDEWHEEL_';
/** Both processes are told where Redis is; it is commonly set for several programs at once. */
export const REDIS_ALIAS = { TIDEWHEEL_REDIS_URL: 'REDIS_URL' } as const;
const LONGEST_SHOWN = 100;

/**
 * Looks settings up, first in the environment and then in the file, and collects what is wrong: one line for each fault,
 * with the variable, what it got and what is allowed. A variable that is set to nothing counts as not set.
 */
export class SettingsReader<Table extends SettingTable> {
  private readonly faults: string[] = [];
  private readonly file: ConfigurationFile;

  constructor(
    private readonly environment: Environment,
    private readonly sources: SettingSources<Table>,
  ) {
    this.addUnknownVariables();
    const { fileVariable, table } = sources;
    const path = fileVariable === undefined ? '' : (environment[fileVariable] ?? '');
    this.file =
      path === ''
        ? { values: new Map(), folder: '', faults: [] }
        : readConfigurationFile(path, Object.keys(table).map(keyOf));
    for (const fault of this.file.faults) this.add(`${fileVariable}: ${fault}`);
  }

  /** The value of a setting; undefined when it is not set and has no fallback, or when it is wrong. */
  read<Each extends Name<Table>>(name: Each): SettingValue<Table[Each]> | undefined {
    const setting = this.setting(name);
    const { text, shownName, folder } = this.find(name);
    const wanted = text === '' ? setting.fallback : text;
    if (wanted === '') return undefined;
    const value = setting.parse(wanted, { folder });
    if (value === undefined) {
      this.add(`${shownName}: got "${(setting.show ?? shorten)(wanted)}"; allowed is ${setting.allowed}`);
    }
    // The table says by its type what each of its settings is read into.
    return value as SettingValue<Table[Each]> | undefined;
  }

  /** Whether it is set to something, right or wrong. */
  isSet(name: Name<Table>): boolean {
    return this.find(name).text !== '';
  }

  /** Notes a fault when a setting is missing. */
  require(name: Name<Table>): void {
    if (!this.isSet(name)) this.add(`${name}: is not set; allowed is ${this.setting(name).allowed}`);
  }

  /** Notes a fault when both settings are missing. */
  requireOneOf(one: Name<Table>, other: Name<Table>): void {
    if (this.isSet(one) || this.isSet(other)) return;
    this.add(`${one}: is not set, and ${other} is not either; one of them is needed`);
  }

  /** Notes a fault that only several settings together show. */
  refuse(name: Name<Table>, allowed: string): void {
    this.add(`${name}: got "${this.find(name).text}"; allowed is ${allowed}`);
  }

  /** @throws ConfigurationError when anything was wrong */
  throwFaults(): void {
    if (this.faults.length > 0) throw new ConfigurationError(this.faults);
  }

  private add(fault: string): void {
    this.faults.push(fault.replaceAll('\n', ' '));
  }

  private setting(name: Name<Table>): SettingTable[string] {
    const setting = this.sources.table[name];
    if (!setting) throw new Error(`there is no setting ${name}`);
    return setting;
  }

  private addUnknownVariables(): void {
    const { foreign } = this.sources;
    const known = [...variablesOf(this.sources).keys()];
    for (const name of Object.keys(this.environment)) {
      if (!name.startsWith(OUR_PREFIX) || known.includes(name) || foreign.test(name)) continue;
      const nearest = nearestName(name, known);
      const hint = nearest === undefined ? '' : `did you mean ${nearest}? `;
      this.add(`${name}: is not a known variable; ${hint}allowed are ${known.join(', ')}`);
    }
  }

  private find(name: Name<Table>): { text: string; shownName: string; folder: string } {
    const { aliases = {}, fileVariable } = this.sources;
    const folder = process.cwd();
    const alias = aliases[name];
    for (const variable of alias === undefined ? [name] : [name, alias]) {
      const text = this.environment[variable] ?? '';
      if (text !== '') return { text, shownName: variable, folder };
    }
    const key = keyOf(name);
    const text = this.file.values.get(key) ?? '';
    return {
      text,
      shownName: text === '' ? name : `"${key}" in ${fileVariable}`,
      folder: this.file.folder || folder,
    };
  }
}

/** Every variable that a process knows, with the text that stands in when it is not set. */
export function variablesOf(sources: SettingSources<SettingTable>): ReadonlyMap<string, string> {
  const { table, fileVariable } = sources;
  const variables = new Map(Object.entries(table).map(([name, { fallback }]) => [name, fallback]));
  if (fileVariable !== undefined) variables.set(fileVariable, '');
  return variables;
}

/** The name of a setting in a file: `taskQueues` for TIDEWHEEL_WORKER_TASK_QUEUES. */
function keyOf(variable: string): string {
  return variable
    .replace(/^TIDEWHEEL_(?:WORKER_)?/, '')
    .toLowerCase()
    .replace(/_([a-z])/g, (_match, letter: string) => letter.toUpperCase());
}

function shorten(text: string): string {
  return text.length > LONGEST_SHOWN ? `${text.slice(0, LONGEST_SHOWN)}...` : text;
}
