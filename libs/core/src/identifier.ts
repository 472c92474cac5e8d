import { LIMITS } from './limits.js';

const NAMESPACE_PATTERN = /^[A-Za-z0-9][A-Za-z0-9._-]*$/;
// eslint-disable-next-line no-control-regex -- control characters are what is looked for
const CONTROL_CHARACTERS = /[\u0000-\u001f\u007f]/;
const RUN_ID_PATTERN = /^[0-9a-f]{8}-[0-9a-f]{4}-[0-9a-f]{4}-[0-9a-f]{4}-[0-9a-f]{12}$/;

/**
 * What is wrong with an id or name (workflow id, type, task queue, signal, query, activity, timer or request id),
 * or undefined when it is sound: 1 to 1,000 characters, none of them a control character, no lone surrogates.
 */
export function identifierFault(value: unknown): string | undefined {
  if (typeof value !== 'string') return 'must be a string';
  if (value.length === 0) return 'must not be empty';
  if (value.length > LIMITS.idLength)
    return `must have at most ${LIMITS.idLength} characters, has ${value.length}`;
  if (CONTROL_CHARACTERS.test(value)) return 'must not contain control characters';
  if (!value.isWellFormed()) return 'must be well-formed Unicode';
  return undefined;
}

/** What is wrong with the name of a worker deployment or a build id, or undefined: an identifier of at most 255 characters. */
export function deploymentPartFault(value: unknown): string | undefined {
  const fault = identifierFault(value);
  if (fault) return fault;
  if ((value as string).length <= LIMITS.deploymentPartLength) return undefined;
  return `must have at most ${LIMITS.deploymentPartLength} characters`;
}

/** What is wrong with a namespace name, or undefined: letters, digits, dot, dash and underscore, at most 255. */
export function namespaceFault(value: unknown): string | undefined {
  if (typeof value !== 'string') return 'must be a string';
  if (value.length === 0) return 'must not be empty';
  if (value.length > LIMITS.namespaceLength) return `must have at most ${LIMITS.namespaceLength} characters`;
  if (!NAMESPACE_PATTERN.test(value)) {
    return 'must start with a letter or digit and contain only letters, digits, ".", "_" and "-"';
  }
  return undefined;
}

/** What is wrong with a run id, or undefined when it is a lower-case UUID. */
export function runIdFault(value: unknown): string | undefined {
  return typeof value === 'string' && RUN_ID_PATTERN.test(value) ? undefined : 'must be a UUID in lower case';
}
