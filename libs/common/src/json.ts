/** JSON of a value; undefined for what JSON leaves out: undefined, functions and symbols. Throws for cycles and bigints. */
export function toJson(value: unknown): string | undefined {
  return JSON.stringify(value);
}
