// Activities for a Tidewheel worker, called by workflows of an official one.
import { ApplicationFailure, Context } from '@tidewheel/activity';

export function double(value: number): Promise<number> {
  return Promise.resolve(value * 2);
}

/** Fails once, having told how far it got; then tells what that attempt left. */
export function resume(row: number): Promise<unknown> {
  const { attempt, heartbeatDetails } = Context.current().info;
  Context.current().heartbeat({ row });
  if (attempt === 1) throw ApplicationFailure.create({ message: 'not yet', type: 'NotYet' });
  return Promise.resolve({ attempt, lastDetails: heartbeatDetails as unknown });
}

export function refuse(): Promise<never> {
  throw ApplicationFailure.create({
    message: 'no',
    type: 'Refused',
    nonRetryable: true,
    details: ['detail', 1],
  });
}
