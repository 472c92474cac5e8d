import { currentExecution } from '../execution/current-execution.js';

/** The realm's `Date`, except that "now" is the start of the current workflow task. */
export function makeWorkflowDate(realDate: DateConstructor): DateConstructor {
  function WorkflowDate(...args: unknown[]): Date | string {
    const target: unknown = new.target;
    if (typeof target !== 'function') return new realDate(workflowNowMs()).toString();
    return Reflect.construct(realDate, args.length === 0 ? [workflowNowMs()] : args, target) as Date;
  }
  const prototype = realDate.prototype as Date & { constructor: unknown };
  prototype.constructor = WorkflowDate;
  Object.defineProperty(WorkflowDate, 'name', { value: 'Date' });
  Object.defineProperty(WorkflowDate, 'length', { value: realDate.length });
  return Object.assign(WorkflowDate, {
    prototype,
    now: workflowNowMs,
    parse: (text: string) => realDate.parse(text),
    UTC: (...args: Parameters<DateConstructor['UTC']>) => realDate.UTC(...args),
  }) as unknown as DateConstructor;
}

type Format<R> = (this: Intl.DateTimeFormat, date?: Date | number) => R;

/** Formatters show "now" when they are given no date; this makes it the workflow's. */
export function useWorkflowTimeInIntl(intl: typeof Intl): void {
  const { format, formatToParts } = Object.getOwnPropertyDescriptors(intl.DateTimeFormat.prototype);
  const boundFormatOf = format.get as unknown as (this: Intl.DateTimeFormat) => Format<string>;
  const realFormatToParts = formatToParts.value as Format<Intl.DateTimeFormatPart[]>;
  Object.defineProperties(intl.DateTimeFormat.prototype, {
    format: {
      get(this: Intl.DateTimeFormat) {
        const boundFormat = boundFormatOf.call(this);
        return (date: Date | number = workflowNowMs()) => boundFormat.call(this, date);
      },
    },
    formatToParts: {
      value(this: Intl.DateTimeFormat, date: Date | number = workflowNowMs()) {
        return realFormatToParts.call(this, date);
      },
    },
  });
}

/** The workflow's clock, in milliseconds since the epoch. */
function workflowNowMs(): number {
  return currentExecution('The clock').nowMs;
}
