import {
  deploymentPartFault,
  durationToMs,
  formatDuration,
  identifierFault,
  namespaceFault,
} from '@tidewheel/core';
import { isRedisAddress, REDIS_ADDRESS_FORMS } from '@tidewheel/store';
import { hidePassword } from '@tidewheel/telemetry';
import { existsSync } from 'node:fs';
import { extname, resolve } from 'node:path';
import type { Setting } from './setting.js';

/** A whole number. */
export function integer(fallback: string, min: number, max: number, note = ''): Setting<number> {
  return {
    fallback,
    allowed: `a whole number from ${min} to ${max}${note}`,
    parse: (text) => {
      const value = /^\d{1,15}$/.test(text) ? Number(text) : Number.NaN;
      return value >= min && value <= max ? value : undefined;
    },
  };
}

/** A share in percent, as a number from 0 to 1. */
export function percentage(what: string): Setting<number> {
  return {
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
export function rate(): Setting<number> {
  return {
    fallback: '',
    allowed: 'a number greater than 0, for example 200 or 0.5; unset: no limit',
    parse: (text) => {
      const value = /^(\d{1,15}|\d{0,15}\.\d{1,15})$/.test(text) ? Number(text) : Number.NaN;
      return value > 0 ? value : undefined;
    },
  };
}

/** A duration with a unit, in milliseconds. */
export function duration(fallback: string, minMs: number, maxMs: number): Setting<number> {
  return {
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
export function onOff(fallback: 'on' | 'off'): Setting<boolean> {
  return {
    fallback,
    allowed: 'on or off',
    parse: (text) => (text === 'on' ? true : text === 'off' ? false : undefined),
  };
}

/** One of a few words; without a fallback it may stay unset. */
export function oneOf<Word extends string>(
  fallback: NoInfer<Word> | '',
  words: readonly Word[],
): Setting<Word> {
  return {
    fallback,
    allowed: `one of ${words.join(', ')}`,
    parse: (text) => words.find((word) => word === text),
  };
}

/** The name of a namespace. */
export function namespaceName(fallback: string): Setting<string> {
  return {
    fallback,
    allowed: 'a name that starts with a letter or digit and has only letters, digits, ".", "_" and "-"',
    parse: (text) => (namespaceFault(text) === undefined ? text : undefined),
  };
}

/** Any text that may be an id. */
export function identifier(): Setting<string> {
  return {
    fallback: '',
    allowed: 'text of 1 to 1000 characters, none of them a control character',
    parse: (text) => (identifierFault(text) === undefined ? text : undefined),
  };
}

/** The name of a worker deployment, or a build id. */
export function deploymentPart(): Setting<string> {
  return {
    fallback: '',
    allowed: 'text of 1 to 255 characters, none of them a control character',
    parse: (text) => (deploymentPartFault(text) === undefined ? text : undefined),
  };
}

/** Several values, separated by commas; none twice. */
export function list<Value>(item: Setting<Value>): Setting<readonly Value[]> {
  return {
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
export function file(extensions: readonly string[], what: string): Setting<string> {
  return {
    fallback: '',
    allowed: `the path of an existing file ending in ${extensions.join(', ')}: ${what}`,
    parse: (text, { folder }) => {
      const path = resolve(folder, text);
      return extensions.includes(extname(path)) && existsSync(path) ? path : undefined;
    },
  };
}

/** Where Redis is. Its password is never shown. */
export function redisAddress(fallback: string): Setting<string> {
  return {
    fallback,
    allowed: REDIS_ADDRESS_FORMS,
    parse: (text) => (isRedisAddress(text) ? text : undefined),
    show: hidePassword,
  };
}

/** The first part of the keys in Redis. */
export function keyPrefix(fallback: string): Setting<string> {
  return {
    fallback,
    allowed: '1 to 32 letters, digits, "-", "_" or "."',
    parse: (text) => (/^[A-Za-z0-9._-]{1,32}$/.test(text) ? text : undefined),
  };
}

/** Where a server listens. */
export function listenAddress(fallback: string): Setting<string> {
  return {
    fallback,
    allowed: 'an address or host name to listen on, for example 0.0.0.0',
    parse: (text) => (/^[A-Za-z0-9.:_-]{1,255}$/.test(text) ? text : undefined),
  };
}
