/** A Lua script and the digest that Redis knows it by. */
export interface Script {
  readonly name: string;
  readonly sha: string;
  readonly lua: string;
}

/** Text or bytes that a script takes as they are. */
export type ScriptText = string | Buffer;

/** Anything a script takes; numbers travel as decimal text. */
export type ScriptArgument = ScriptText | number;

/** Runs a script on the partition that its keys belong to: the number of keys, the keys, the arguments. */
export type ScriptRunner = (script: Script, args: readonly ScriptArgument[]) => Promise<unknown>;
