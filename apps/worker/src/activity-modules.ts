import type { Activities } from '@tidewheel/worker';
import { pathToFileURL } from 'node:url';

/** What a module's `createActivities` gets. */
interface ActivityHost {
  /** The queue that only this process serves; undefined when it serves none. */
  readonly hostTaskQueue: string | undefined;
}

/** A module that has no activities, or one that two modules define. Thrown by {@link loadActivities}. */
class ActivityModuleError extends Error {
  override readonly name = 'ActivityModuleError';
}

/**
 * Imports modules with activities: ES modules or CommonJS, as Node.js runs them, so TypeScript has to be compiled
 * before. The functions that a module exports are its activities. A module that exports a function `createActivities`
 * is asked instead: it is called with `{ hostTaskQueue }`, and what it returns are the module's activities.
 *
 * @throws ActivityModuleError
 */
export async function loadActivities(paths: readonly string[], host: ActivityHost): Promise<Activities> {
  const activities = new Map<string, unknown>();
  for (const path of paths) {
    const found = await activitiesOf(path, host);
    if (found.length === 0) throw new ActivityModuleError(`${path} exports no function, so no activity`);
    for (const [name, activity] of found) {
      if (activities.has(name)) throw new ActivityModuleError(`${path} defines the activity "${name}" again`);
      activities.set(name, activity);
    }
  }
  return Object.fromEntries(activities);
}

async function activitiesOf(path: string, host: ActivityHost): Promise<[string, unknown][]> {
  const exported = (await import(pathToFileURL(path).href)) as Record<string, unknown>;
  const { createActivities } = exported;
  const source = isFactory(createActivities) ? await created(createActivities, host, path) : exported;
  // What CommonJS exports is also there as a whole, as `default`.
  return Object.entries(source).filter(
    ([name, value]) => typeof value === 'function' && name !== 'default' && name !== 'module.exports',
  );
}

type ActivityFactory = (host: ActivityHost) => unknown;

function isFactory(value: unknown): value is ActivityFactory {
  return typeof value === 'function';
}

async function created(factory: ActivityFactory, host: ActivityHost, path: string): Promise<object> {
  const activities: unknown = await factory(host);
  if (typeof activities === 'object' && activities !== null) return activities;
  throw new ActivityModuleError(`createActivities of ${path} returned no object with activities`);
}
