import { mkdir, writeFile } from 'node:fs/promises';
import path from 'node:path';
import { parseAllDocuments, stringify } from 'yaml';
import { CHART, helm, SCRATCH } from './tools.mjs';

let files = 0;

/** The least that has to be said. */
export const LEAST = { redis: { url: 'redis://redis.data:6379' } };

/** A pool with the least that has to be said of one. */
export const POOL = {
  image: { repository: 'registry.example/orders', tag: '1.4.2' },
  taskQueues: ['orders'],
  workflows: '/app/workflows.js',
  activities: ['/app/activities.js'],
};

async function fileOf(values) {
  await mkdir(SCRATCH, { recursive: true });
  const file = path.join(SCRATCH, `values-${process.pid}-${++files}.yaml`);
  await writeFile(file, stringify(values));
  return file;
}

/** The text that the chart renders to. Rejects with what helm says when it refuses the values. */
export async function renderText(values, release = 'tw') {
  return helm('template', release, CHART, '--namespace', 'flows', '--values', await fileOf(values));
}

/** Rejects when helm finds something to complain about. */
export async function lint(values) {
  await helm('lint', CHART, '--strict', '--values', await fileOf(values));
}

/** What helm tells whoever has installed the chart. */
export async function renderNotes(values) {
  const options = ['--namespace', 'flows', '--values', await fileOf(values), '--dry-run=client'];
  const text = await helm('install', 'tw', CHART, ...options);
  return text.slice(text.indexOf('\nNOTES:\n'));
}

/** The objects that the chart renders to. */
export async function render(values, release) {
  const documents = parseAllDocuments(await renderText(values, release));
  for (const { errors } of documents) if (errors.length > 0) throw errors[0];
  return documents.map((document) => document.toJS()).filter((object) => object !== null);
}

/** The one object of a kind whose name ends so. */
export function find(objects, kind, end = '') {
  const found = objects.filter((object) => object.kind === kind && object.metadata.name.endsWith(end));
  if (found.length !== 1)
    throw new Error(`${found.length} objects are a ${kind} whose name ends in "${end}"`);
  return found[0];
}

/** The variables of an object's only container, by name. */
export function variablesOf(object) {
  const [container] = object.spec.template.spec.containers;
  return Object.fromEntries(container.env.map(({ name, value, valueFrom }) => [name, value ?? valueFrom]));
}
