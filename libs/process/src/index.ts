/**
 * What the API and worker processes have in common: how they are configured, and how they tell whether they are well.
 *
 * @example
 * ```ts
 * import { integer, SettingsReader, SHARED_SETTINGS } from '@tidewheel/process';
 *
 * const table = { ...SHARED_SETTINGS, TIDEWHEEL_API_PORT: integer('7243', 0, 65_535) };
 * const reader = new SettingsReader(process.env, { table, foreign: /^TIDEWHEEL_WORKER_/ });
 * const port = reader.read('TIDEWHEEL_API_PORT');
 * reader.throwFaults();
 * ```
 */
export { Health } from './health/health.js';
export type { CheckChange, CheckReport, Finding, LivenessReport, ReadinessReport } from './health/health.js';
export { HealthModuleError, loadUserChecks } from './health/health-definitions.js';
export type {
  HealthDefinition,
  HealthDefinitions,
  HealthFunction,
  UserCheck,
} from './health/health-definitions.js';
export { UserChecks } from './health/user-checks.js';
export { configurationFaults, configurationOrExit } from './settings/configuration-or-exit.js';
export type { Environment, Setting, SettingTable, SettingValue } from './settings/setting.js';
export { ConfigurationError, REDIS_ALIAS, SettingsReader, variablesOf } from './settings/settings-reader.js';
export type { SettingSources } from './settings/settings-reader.js';
export { SHARED_SETTINGS } from './settings/shared-settings.js';
export {
  deploymentPart,
  duration,
  file,
  identifier,
  integer,
  list,
  listenAddress,
  namespaceName,
  oneOf,
  onOff,
  percentage,
  rate,
} from './settings/value-kinds.js';
export { answerLogLevel, switchLevelOnSignal } from './logging/log-level.js';
export { processLogger } from './logging/process-logger.js';
