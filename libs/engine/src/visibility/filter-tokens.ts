import { InvalidArgumentError } from '@tidewheel/core';

/** A piece of a filter's text. */
export interface FilterToken {
  /** `end` stands behind the last one. */
  readonly kind: 'word' | 'text' | 'number' | 'symbol' | 'end';
  /** What it says, without quotes. */
  readonly text: string;
  /** Place of its first character, from 1. */
  readonly position: number;
}

/** Characters of a filter. */
const MAX_LENGTH = 10_000;
const SPACE = /\s+/y;
const WORD = /[A-Za-z_][A-Za-z0-9_.]*/y;
const NUMBER = /[+-]?\d+(\.\d+)?/y;
const SYMBOL = /<=|>=|!=|<>|[=<>(),]/y;
const QUOTES = new Set(["'", '"', '`']);

/** @throws InvalidArgumentError with the position of what is not sound */
export function filterTokens(query: string): FilterToken[] {
  if (query.length > MAX_LENGTH) {
    throw new InvalidArgumentError(
      'query',
      `must have at most ${MAX_LENGTH} characters, has ${query.length}`,
    );
  }
  const tokens: FilterToken[] = [];
  let at = 0;
  const match = (pattern: RegExp): string | undefined => {
    pattern.lastIndex = at;
    return pattern.exec(query)?.[0];
  };
  while (at < query.length) {
    const space = match(SPACE);
    if (space !== undefined) {
      at += space.length;
      continue;
    }
    const position = at + 1;
    const quote = query.charAt(at);
    if (QUOTES.has(quote)) {
      const { text, end } = quoted(query, at);
      tokens.push({ kind: quote === '`' ? 'word' : 'text', text, position });
      at = end;
      continue;
    }
    const symbol = match(SYMBOL);
    const word = match(WORD);
    const number = match(NUMBER);
    const text = symbol ?? word ?? number;
    if (text === undefined) throw unsoundQuery(`unexpected character ${JSON.stringify(quote)}`, position);
    tokens.push({ kind: symbol ? 'symbol' : word ? 'word' : 'number', text, position });
    at += text.length;
  }
  tokens.push({ kind: 'end', text: '', position: query.length + 1 });
  return tokens;
}

/** A quote inside is doubled or comes behind a backslash. */
function quoted(query: string, from: number): { readonly text: string; readonly end: number } {
  const quote = query.charAt(from);
  let text = '';
  for (let at = from + 1; at < query.length; at++) {
    const character = query.charAt(at);
    if (character === '\\' && quote !== '`' && at + 1 < query.length) {
      text += query.charAt(++at);
    } else if (character !== quote) {
      text += character;
    } else if (query.charAt(at + 1) === quote) {
      text += quote;
      at++;
    } else {
      return { text, end: at + 1 };
    }
  }
  throw unsoundQuery('the quote that begins here is never closed', from + 1);
}

/** What is thrown for a filter that is not sound. */
export function unsoundQuery(reason: string, position: number): InvalidArgumentError {
  return new InvalidArgumentError('query', `${reason}, at position ${position}`);
}
