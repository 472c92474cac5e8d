import {
  deploymentPartFault,
  durationToMs,
  formatDuration,
  identifierFault,
  namespaceFault,
} from '@tidewheel/core';
import { existsSync } from 'node:fs';
import { extname, resolve } from 'node:path';

/** Where a text stands: relative paths in it start from that folder. */
export interface SettingPlace {
  readonly folder: string;
}

/** One thing that can be configured. */
export interface Setting<Value> {
  /** Its name in a configuration file. */
  readonly key: string;
  /** Text that stands in when it is not set; empty: it may stay unset. */
  readonly fallback: string;
  /** Completes the sentence "allowed is ...". */
  readonly allowed: string;
  /** Undefined when the text is not allowed. */
  readonly parse: (text: string, place: SettingPlace) => Value | undefined;
  /** Makes a value fit to be shown. */
  readonly show?: (text: string) => string;
}

/** A whole number. */
export function integer(key: string, fallback: string, min: number, max: number, note = ''): Setting<number> {
  return {
    key,
    fallback,
    allowed: `a whole number from ${min} to ${max}${note}`,
    parse: (text) => {
      const value = /^\d{1,15}$/.test(text) ? Number(text) : Number.NaN;
      return value >= min && value <= max ? value : undefined;
    },
  };
}

/** A share in percent, as a number from 0 to 1. */
export function percentage(key: string, what: string): Setting<number> {
  return {
    key,
    fallback: '',
    allowed: `a percentage ${what} such as "80%", from 1% to 100%`,
    parse: (text) => {
      const value = /^(\d{1,3}(?:\.\d{1,3})?)%$/.exec(text)?.[1];
      const percent = value === undefined ? Number.NaN : Number(value);
      return percent >= 1 && percent <= 100 ? percent / 100 : undefined;
    },
  };
}

/** Something a second, as a number greater than 0; fractions are fine. */
export function rate(key: string): Setting<number> {
  return {
    key,
    fallback: '',
    allowed: 'a number greater than 0, for example 200 or 0.5; unset: no limit',
    parse: (text) => {
      const value = /^(\d{1,15}|\d{0,15}\.\d{1,15})$/.test(text) ? Number(text) : Number.NaN;
      return value > 0 ? value : undefined;
    },
  };
}

/** A duration with a unit, in milliseconds. */
export function duration(key: string, fallback: string, minMs: number, maxMs: number): Setting<number> {
  return {
    key,
    fallback,
    allowed: `a duration such as "10s" or "5m" from ${formatDuration(minMs)} to ${formatDuration(maxMs)}`,
    parse: (text) => {
      try {
        const ms = durationToMs(text);
        return ms >= minMs && ms <= maxMs ? ms : undefined;
      } catch {
        return undefined;
      }
    },
  };
}

/** A switch. */
export function onOff(key: string, fallback: 'on' | 'off'): Setting<boolean> {
  return {
    key,
    fallback,
    allowed: 'on or off',
    parse: (text) => (text === 'on' ? true : text === 'off' ? false : undefined),
  };
}

/** One of a few words. */
export function oneOf<Word extends string>(
  key: string,
  fallback: Word,
  words: readonly Word[],
): Setting<Word> {
  return {
    key,
    fallback,
    allowed: `one of ${words.join(', ')}`,
    parse: (text) => words.find((word) => word === text),
  };
}

/** The name of a namespace. */
export function namespaceName(key: string, fallback: string): Setting<string> {
  return {
    key,
    fallback,
    allowed: 'a name that starts with a letter or digit and has only letters, digits, ".", "_" and "-"',
    parse: (text) => (namespaceFault(text) === undefined ? text : undefined),
  };
}

/** Any text that may be an id. */
export function identifier(key: string): Setting<string> {
  return {
    key,
    fallback: '',
    allowed: 'text of 1 to 1000 characters, none of them a control character',
    parse: (text) => (identifierFault(text) === undefined ? text : undefined),
  };
}

/** The name of a worker deployment, or a build id. */
export function deploymentPart(key: string): Setting<string> {
  return {
    key,
    fallback: '',
    allowed: 'text of 1 to 255 characters, none of them a control character',
    parse: (text) => (deploymentPartFault(text) === undefined ? text : undefined),
  };
}

/** Several values, separated by commas; none twice. */
export function list<Value>(item: Setting<Value>): Setting<readonly Value[]> {
  return {
    key: item.key,
    fallback: item.fallback,
    allowed: `${item.allowed}; several are separated by commas, none is repeated`,
    parse: (text, place) => {
      const values = text.split(',').map((part) => item.parse(part.trim(), place));
      const sound = values.filter((value) => value !== undefined);
      return sound.length === values.length && new Set(sound).size === sound.length ? sound : undefined;
    },
  };
}

/** The absolute path of a file that is there. */
export function file(key: string, extensions: readonly string[], what: string): Setting<string> {
  return {
    key,
    fallback: '',
    allowed: `the path of an existing file ending in ${extensions.join(', ')}: ${what}`,
    parse: (text, { folder }) => {
      const path = resolve(folder, text);
      return extensions.includes(extname(path)) && existsSync(path) ? path : undefined;
    },
  };
}
