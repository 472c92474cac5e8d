// Follows a workflow execution over REST to its end: says what happens as it happens, then prints the result and the
// history as tables. Argument: the URL of the execution. Exit code 0 when it completed.
const [url] = process.argv.slice(2);

async function get(path) {
  const response = await fetch(`${url}${path}`);
  if (!response.ok)
    throw new Error(`GET ${url}${path} answered ${response.status}: ${await response.text()}`);
  return response.json();
}

/** Activities by the id of the event that scheduled them. */
const activities = new Map();

function activityOf({ attributes }) {
  const { activityType, taskQueue } = activities.get(attributes.scheduledEventId) ?? {};
  return activityType === undefined ? undefined : `${activityType} on ${taskQueue}`;
}

/** What a reader wants to know of an event beside its type. */
function detailOf(event) {
  const { eventType, attributes } = event;
  if (eventType === 'ActivityTaskScheduled') return `${attributes.activityType} on ${attributes.taskQueue}`;
  const reason = attributes.failure?.message ?? attributes.reason;
  return [activityOf(event), attributes.identity && `by ${attributes.identity}`, reason]
    .filter(Boolean)
    .join(', ');
}

/** A sentence for the events that show progress; the others only appear in the table. */
function progressOf(event) {
  switch (event.eventType) {
    case 'WorkflowExecutionStarted':
      return 'the workflow has started';
    case 'ActivityTaskScheduled':
      return `scheduled ${detailOf(event)}`;
    case 'ActivityTaskCompleted':
      return `completed ${activityOf(event)}`;
    case 'ActivityTaskFailed':
    case 'ActivityTaskTimedOut':
      return `${event.eventType}: ${detailOf(event)}`;
    default:
      return undefined;
  }
}

const events = [];
let defaultQueue;
console.log('\nWaiting for the workflow:\n');
for (let from = 1, runs = true; runs; from = events.length + 1) {
  const page = await get(`/history?fromEventId=${from}&wait=10s`);
  for (const event of page.events) {
    const { eventId, eventType, eventTime, attributes } = event;
    if (eventType === 'WorkflowExecutionStarted')
      defaultQueue = attributes.taskQueue?.name ?? attributes.taskQueue;
    if (eventType === 'ActivityTaskScheduled') {
      attributes.taskQueue ??= defaultQueue;
      activities.set(eventId, attributes);
    }
    events.push(event);
    const progress = progressOf(event);
    if (progress !== undefined) console.log(`  ${eventTime}  ${progress}`);
  }
  if (page.events.length === 0) console.log(`  still ${page.status}`);
  runs = page.status === 'RUNNING' || page.nextEventId !== undefined;
}

const outcome = await get('/result');
console.log(`\nResult: ${outcome.status}`);
if (outcome.result !== undefined) console.table(outcome.result);
if (outcome.failure !== undefined) console.log(JSON.stringify(outcome.failure, undefined, 2));

console.log('History:');
const startedMs = Date.parse(events[0]?.eventTime);
const rows = events.map((event) => [
  String(event.eventId),
  `${((Date.parse(event.eventTime) - startedMs) / 1000).toFixed(3)} s`,
  event.eventType,
  detailOf(event),
]);
const widths = [0, 1, 2].map((column) => Math.max(...rows.map((row) => row[column].length)));
for (const [id, time, type, detail] of rows) {
  console.log(
    `  ${id.padStart(widths[0])}  ${time.padStart(widths[1])}  ${type.padEnd(widths[2])}  ${detail}`.trimEnd(),
  );
}
process.exitCode = outcome.status === 'COMPLETED' ? 0 : 1;
