import { readOptions, UsageError } from './options.js';

const KNOWN = ['workflow-timer', 'idle', 'backlog'];

describe('the command line', () => {
  it('has defaults for everything', () => {
    expect(readOptions([], KNOWN)).toEqual({
      scenarios: [],
      inFlight: undefined,
      seconds: 5,
      rounds: 3,
      fsync: 'everysec',
      partitions: 1,
      cluster: undefined,
      workers: 1,
      tasks: 1_000_000,
      queues: 20_000,
      json: false,
      verbose: false,
      withApi: false,
      telemetry: 'off',
    });
  });

  it('takes scenarios and options in any order', () => {
    const args = ['idle', '--in-flight', '7', '--fsync=always', 'workflow-timer', '--json'];
    expect(readOptions(args, KNOWN)).toMatchObject({
      scenarios: ['idle', 'workflow-timer'],
      inFlight: 7,
      fsync: 'always',
      json: true,
    });
  });

  it('takes a cluster for what runs on one, and refuses it by name for the rest', () => {
    const onCluster = ['--cluster', '3', '--partitions', '4', 'idle'];
    expect(readOptions(onCluster, KNOWN, ['backlog'])).toMatchObject({ cluster: 3, partitions: 4 });
    expect(readOptions(['idle', 'backlog'], KNOWN, ['backlog']).cluster).toBeUndefined();
    expect(() => readOptions([...onCluster, 'backlog'], KNOWN, ['backlog'])).toThrow(
      new UsageError('--cluster cannot be had with backlog, which runs on one server only'),
    );
  });

  it.each([
    [['sleep'], /no scenario "sleep".*workflow-timer, idle, backlog/],
    [['--fsync', 'often'], /--fsync .*got "often"/],
    [['--cluster', '2'], /--cluster must be a whole number from 3 to 16; got "2"/],
    [['--telemetry', 'some'], /--telemetry .*got "some"/],
    [['--rounds', '0'], /--rounds .*got "0"/],
    [['--workers', '65'], /--workers .*got "65"/],
    [['--seconds', '1.5'], /--seconds .*got "1.5"/],
    [['--sockets', '3'], /--sockets/],
  ])('refuses %j by name', (args, message) => {
    expect(() => readOptions(args, KNOWN)).toThrow(UsageError);
    expect(() => readOptions(args, KNOWN)).toThrow(message);
  });
});
