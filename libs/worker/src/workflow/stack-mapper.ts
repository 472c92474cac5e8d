import { SourceMap } from 'node:module';
import type { SourceMapPayload } from 'node:module';
import type { Failure } from '@tidewheel/core';
import type { ActivationResult } from './activation-request.js';
import { WORKFLOWS_FILENAME } from './workflow-realm.js';

const PLACE = new RegExp(`${WORKFLOWS_FILENAME.replaceAll('.', '\\.')}:(\\d+):(\\d+)`, 'g');

/** Replaces places in the bundle by places in the sources, in the stack traces of failures. */
export class StackMapper {
  private parsed: SourceMap | undefined;

  constructor(private readonly sourceMap: string | undefined) {}

  map(result: ActivationResult): ActivationResult {
    if (this.sourceMap === undefined) return result;
    if (result.kind === 'failed') return { ...result, failure: this.mapFailure(result.failure) };
    if (result.kind === 'cacheMiss') return result;
    const last = result.commands.at(-1);
    if (last?.commandType !== 'FailWorkflowExecution') return result;
    const failure = this.mapFailure(last.attributes.failure);
    const commands = [...result.commands.slice(0, -1), { ...last, attributes: { failure } }];
    return { ...result, commands };
  }

  private mapFailure(failure: Failure): Failure {
    const { stackTrace, cause } = failure;
    return {
      ...failure,
      ...(stackTrace !== undefined && { stackTrace: this.mapText(stackTrace) }),
      ...(cause && { cause: this.mapFailure(cause) }),
    };
  }

  private mapText(stackTrace: string): string {
    if (!stackTrace.includes(WORKFLOWS_FILENAME)) return stackTrace;
    this.parsed ??= new SourceMap(JSON.parse(this.sourceMap ?? '{}') as SourceMapPayload);
    const { parsed } = this;
    return stackTrace.replace(PLACE, (place, line: string, column: string) => {
      const entry = parsed.findEntry(Number(line) - 1, Number(column) - 1);
      if (!('originalSource' in entry)) return place;
      return `${entry.originalSource}:${entry.originalLine + 1}:${entry.originalColumn + 1}`;
    });
  }
}
