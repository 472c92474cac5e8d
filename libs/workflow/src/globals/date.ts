import { currentExecution } from '../execution/current-execution.js';

/** The realm's `Date`, except that "now" is the start of the current workflow task. */
export function makeWorkflowDate(realDate: DateConstructor): DateConstructor {
  function WorkflowDate(...args: unknown[]): Date | string {
    if (new.target === undefined) return new realDate(workflowNowMs()).toString();
    return Reflect.construct(realDate, args.length === 0 ? [workflowNowMs()] : args, new.target) as Date;
  }
  const prototype = realDate.prototype as Date & { constructor: unknown };
  prototype.constructor = WorkflowDate;
  Object.defineProperty(WorkflowDate, 'name', { value: 'Date' });
  Object.defineProperty(WorkflowDate, 'length', { value: realDate.length });
  const { parse, UTC } = realDate;
  return Object.assign(WorkflowDate, {
    prototype,
    now: workflowNowMs,
    parse,
    UTC,
  }) as unknown as DateConstructor;
}

/** Formatters show "now" when they are given no date; this makes it the workflow's. */
export function useWorkflowTimeInIntl(intl: typeof Intl): void {
  const { prototype } = intl.DateTimeFormat;
  const formatGetter = Object.getOwnPropertyDescriptor(prototype, 'format')?.get;
  const { formatToParts } = prototype;
  Object.defineProperty(prototype, 'format', {
    configurable: true,
    get(this: Intl.DateTimeFormat) {
      const format = formatGetter?.call(this) as (date: Date | number) => string;
      return (date: Date | number = workflowNowMs()) => format(date);
    },
  });
  prototype.formatToParts = function (date: Date | number = workflowNowMs()) {
    return formatToParts.call(this, date);
  };
}

/** The workflow's clock, in milliseconds since the epoch. */
export function workflowNowMs(): number {
  return currentExecution('The clock').nowMs;
}
