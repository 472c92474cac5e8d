import { countCalls, parseCommandStats, storedBytes, sumUses } from './redis-stats.js';

const COMMAND_STATS = [
  '# Commandstats',
  'cmdstat_evalsha:calls=40,usec=1200,usec_per_call=30.00,rejected_calls=0,failed_calls=0',
  'cmdstat_hset:calls=100,usec=90,usec_per_call=0.90,rejected_calls=0,failed_calls=0',
  'cmdstat_xgroup|create:calls=2,usec=8,usec_per_call=4.00,rejected_calls=0,failed_calls=0',
  'cmdstat_config|resetstat:calls=1,usec=25,usec_per_call=25.00,rejected_calls=0,failed_calls=0',
  '',
].join('\r\n');

it('reads calls and time by command, without what the bench itself asked', () => {
  const commands = parseCommandStats(COMMAND_STATS);
  expect([...commands.keys()]).toEqual(['evalsha', 'hset', 'xgroup|create']);
  expect(commands.get('evalsha')).toEqual({ calls: 40, micros: 1200 });
  expect(countCalls(commands)).toEqual({ all: 142, scripts: 40 });
});

it('leaves buffers out of what is stored', () => {
  const memory =
    'used_memory:1000\r\nused_memory_rss:9000\r\nmem_clients_normal:200\r\nmem_aof_buffer:50\r\n';
  expect(storedBytes(memory)).toBe(750);
});

it('counts a buffer that the server does not tell as nothing', () => {
  expect(storedBytes('used_memory:1000\r\n')).toBe(1000);
});

it('adds up what the servers of a cluster did, commands by name', () => {
  const first = {
    userCpuMicros: 30,
    systemCpuMicros: 5,
    bytes: 100,
    commands: new Map([['hset', { calls: 4, micros: 8 }]]),
  };
  const second = {
    userCpuMicros: 20,
    systemCpuMicros: 9,
    bytes: 60,
    commands: new Map([
      ['hset', { calls: 3, micros: 9 }],
      ['xadd', { calls: 1, micros: 2 }],
    ]),
  };
  expect(sumUses([first, second])).toEqual({
    userCpuMicros: 50,
    systemCpuMicros: 14,
    bytes: 160,
    commands: new Map([
      ['hset', { calls: 7, micros: 17 }],
      ['xadd', { calls: 1, micros: 2 }],
    ]),
  });
});
