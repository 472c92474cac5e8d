/** Where a text stands: relative paths in it start from that folder. */
interface SettingPlace {
  readonly folder: string;
}

/** One thing that can be configured. */
export interface Setting<Value> {
  /** Text that stands in when it is not set; empty: it may stay unset. */
  readonly fallback: string;
  /** Completes the sentence "allowed is ...". */
  readonly allowed: string;
  /** Undefined when the text is not allowed. */
  readonly parse: (text: string, place: SettingPlace) => Value | undefined;
  /** Makes a value fit to be shown; left out: it is shown, shortened, as it is. */
  readonly show?: (text: string) => string;
}

/** All settings of a process, by the environment variables that hold them. */
export type SettingTable = Readonly<Record<string, Setting<unknown>>>;

/** What a setting's text is read into. */
export type SettingValue<Each> = Each extends Setting<infer Value> ? Value : never;

/** Variables of the environment, as `process.env` has them. */
export type Environment = Readonly<Record<string, string | undefined>>;
