import { SourceMap } from 'node:module';
import type { SourceMapPayload } from 'node:module';
import type { Command, Failure, QueryAnswer } from '@tidewheel/core';
import type { ActivationResult } from '../activation-request.js';
import { WORKFLOWS_FILENAME } from '../sandbox/workflow-realm.js';

const PLACE = new RegExp(`${WORKFLOWS_FILENAME.replaceAll('.', '\\.')}:(\\d+):(\\d+)`, 'g');
const FRAME = /^\s+at /;
const BUILT_IN_FRAME = '<anonymous>';

/**
 * Makes stack traces of workflow code readable: places in the bundle become places in the sources, and frames of the
 * SDK and the sandbox around it are left out.
 */
export class StackMapper {
  private parsed: SourceMap | undefined;

  constructor(private sourceMap: string | undefined) {}

  map(result: ActivationResult): ActivationResult {
    if (result.kind === 'cacheMiss') return result;
    if (result.kind === 'failed') return { ...result, failure: this.mapFailure(result.failure) };
    const last = result.commands.at(-1);
    const answers = Object.entries(result.queryAnswers);
    if (last?.commandType !== 'FailWorkflowExecution' && answers.length === 0) return result;
    return {
      ...result,
      commands: result.commands.map((command) => this.mapCommand(command)),
      queryAnswers: Object.fromEntries(answers.map(([id, answer]) => [id, this.mapAnswer(answer)])),
    };
  }

  private mapCommand(command: Command): Command {
    if (command.commandType !== 'FailWorkflowExecution') return command;
    return { ...command, attributes: { failure: this.mapFailure(command.attributes.failure) } };
  }

  private mapAnswer(answer: QueryAnswer): QueryAnswer {
    if (answer.answered || !answer.failure) return answer;
    return { ...answer, failure: this.mapFailure(answer.failure) };
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
    const lines = stackTrace.split('\n').filter(isWorthShowing).join('\n');
    return lines.replace(PLACE, (place, line: string, column: string) =>
      this.mapPlace(place, Number(line), Number(column)),
    );
  }

  private mapPlace(place: string, line: number, column: number): string {
    const entry = this.sources()?.findEntry(line - 1, column - 1);
    if (!entry || !('originalSource' in entry)) return place;
    return `${entry.originalSource}:${entry.originalLine + 1}:${entry.originalColumn + 1}`;
  }

  /** The source map, read at first use; undefined when there is none that can be read. */
  private sources(): SourceMap | undefined {
    if (this.sourceMap === undefined) return this.parsed;
    const text = this.sourceMap;
    this.sourceMap = undefined;
    try {
      this.parsed = new SourceMap(JSON.parse(text) as SourceMapPayload);
    } catch {
      // A bundle made elsewhere may bring anything; stack traces then show places in the bundle.
    }
    return this.parsed;
  }
}

function isWorthShowing(line: string): boolean {
  return !FRAME.test(line) || line.includes(WORKFLOWS_FILENAME) || line.includes(BUILT_IN_FRAME);
}
