import { InvalidArgumentError, runIdFault } from '@tidewheel/core';
import type { IndexPosition } from './index-entries.js';

/** Characters of a token; one that we made is shorter. */
const MAX_LENGTH = 200;
const CONTENT = /^([rc])(\d{1,16})([0-9a-f-]*)$/;

/** A position as clients carry it from page to page. */
export function formatPageToken({ index, timeMs, runId }: IndexPosition): string {
  return Buffer.from(`${index === 'running' ? 'r' : 'c'}${timeMs}${runId ? `-${runId}` : ''}`).toString(
    'base64url',
  );
}

/** @throws InvalidArgumentError when it is no token of ours */
export function parsePageToken(token: string): IndexPosition {
  const content = token.length <= MAX_LENGTH ? Buffer.from(token, 'base64url').toString('latin1') : '';
  const [, letter, time, rest = ''] = CONTENT.exec(content) ?? [];
  const timeMs = Number(time);
  const runId = rest === '' ? undefined : rest.slice(1);
  const isSound =
    Number.isSafeInteger(timeMs) &&
    (rest === '' || (rest.startsWith('-') && runIdFault(runId) === undefined));
  if (!isSound) {
    throw new InvalidArgumentError(
      'pageToken',
      'is none of this list: give back the nextPageToken of the page before',
    );
  }
  return { index: letter === 'r' ? 'running' : 'closed', timeMs, runId };
}
