/** A workflow function, whatever it takes. Its export name is the workflow type. */
export type Workflow = (...args: never[]) => Promise<unknown>;

/** Result of a workflow function. */
export type WorkflowResultType<W extends Workflow> = Awaited<ReturnType<W>>;

/** An activity function, whatever it takes. */
export type ActivityFunction = (...args: never[]) => Promise<unknown>;

/** Activities by name when nothing is known about them. */
export type UntypedActivities = Record<string, (...args: unknown[]) => Promise<unknown>>;

/** A named signal with the types of its arguments, made by `defineSignal`. */
export interface SignalDefinition<Args extends unknown[] = [], Name extends string = string> {
  readonly type: 'signal';
  readonly name: Name;
  /** Never there; carries the type. */
  readonly argsType?: Args;
}

/** A named query with the types of its arguments and its answer, made by `defineQuery`. */
export interface QueryDefinition<Ret, Args extends unknown[] = [], Name extends string = string> {
  readonly type: 'query';
  readonly name: Name;
  /** Never there; carries the type. */
  readonly argsType?: Args;
  /** Never there; carries the type. */
  readonly resultType?: Ret;
}

/** What a search attribute may hold. */
export type SearchAttributeValue = string | number | boolean | Date | readonly string[];

/** Search attributes by name; a list of values, as Temporal's SDK has it, or one value. */
export type SearchAttributes = Record<
  string,
  SearchAttributeValue | readonly SearchAttributeValue[] | null | undefined
>;
