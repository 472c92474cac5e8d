import { waitUntil, WaitTimeoutError } from './wait-until.js';

describe('waitUntil', () => {
  it('returns the first truthy value', async () => {
    const values = [undefined, 0, '', 'found'];
    await expect(waitUntil(() => values.shift(), { what: 'a value', pollMs: 1 })).resolves.toBe('found');
    expect(values).toEqual([]);
  });

  it('treats a throwing condition as not yet', async () => {
    let looks = 0;
    const condition = async (): Promise<boolean> => {
      looks += 1;
      if (looks < 3) throw new Error('not reachable');
      return true;
    };
    await expect(waitUntil(condition, { what: 'the server', pollMs: 1 })).resolves.toBe(true);
    expect(looks).toBe(3);
  });

  it('names what it waited for, with the last error as the cause', async () => {
    const refusal = new Error('connection refused');
    const waiting = waitUntil(() => Promise.reject(refusal), {
      what: 'the server to answer',
      timeoutMs: 5,
      pollMs: 1,
    });
    await expect(waiting).rejects.toMatchObject({
      name: 'WaitTimeoutError',
      message: 'Waited 5 ms in vain for the server to answer',
      what: 'the server to answer',
      timeoutMs: 5,
      cause: refusal,
    });
  });

  it('ends a condition that never settles', async () => {
    const waiting = waitUntil(() => new Promise<boolean>(() => undefined), {
      what: 'a lost answer',
      timeoutMs: 5,
    });
    await expect(waiting).rejects.toBeInstanceOf(WaitTimeoutError);
  });
});
