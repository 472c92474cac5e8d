import { httpMetrics, METRICS, observeMetrics } from '@tidewheel/telemetry';
import { once } from 'node:events';
import { createServer } from 'node:http';
import type { Server } from 'node:http';
import type { AddressInfo } from 'node:net';
import { startTelemetry } from './telemetry.js';
import type { Telemetry } from './telemetry.js';

let telemetry: Telemetry;
let server: Server;

async function scrape(): Promise<string> {
  const { port } = server.address() as AddressInfo;
  const response = await fetch(`http://127.0.0.1:${port}/metrics`);
  return response.text();
}

beforeEach(async () => {
  telemetry = await startTelemetry({ service: 'test' });
  server = createServer(telemetry.answerMetrics).listen(0, '127.0.0.1');
  await once(server, 'listening');
});
afterEach(async () => {
  server.closeAllConnections();
  server.close();
  await telemetry.stop();
});

describe('startTelemetry', () => {
  it('shows what libraries record, with the attributes as labels', async () => {
    const requests = httpMetrics();
    requests.begin()({ method: 'GET', route: '/a/{b}', status: 200 });
    requests.begin()({ method: 'GET', route: '/a/{b}', status: 200 });
    requests.begin();
    const text = await scrape();
    expect(text).toContain(
      'http_server_request_duration_seconds_count{method="GET",route="/a/{b}",status="200"} 2',
    );
    expect(text).toContain('http_server_active_requests 1');
  });

  it('shows the process itself', async () => {
    const text = await scrape();
    expect(text).toMatch(/^process_cpu_time_seconds_total\{mode="user"\} 0?\.?\d/m);
    expect(text).toMatch(/^process_memory_usage_bytes\{kind="rss"\} \d{7,}$/m);
    expect(text).toMatch(/^nodejs_eventloop_utilization_ratio [01]/m);
    expect(text).toMatch(/^nodejs_eventloop_delay_seconds\{quantile="0\.99"\} \d/m);
  });

  it('shows a gauge as long as it is observed, and goes on showing counters', async () => {
    const { quarantinedTasks, redisCommandCalls } = METRICS;
    let isThere = true;
    const stop = observeMetrics({ quarantinedTasks, redisCommandCalls }, (observe) => {
      if (!isThere) return;
      observe('quarantinedTasks', 2);
      observe('redisCommandCalls', 7, { command: 'get' });
    });
    const counted = 'tidewheel_redis_command_calls_total{command="get"} 7';
    for (let i = 0; i < 2; i++) {
      const text = await scrape();
      expect(text).toContain('tidewheel_quarantined_tasks 2');
      expect(text).toContain(counted);
    }
    isThere = false;
    const text = await scrape();
    expect(text).not.toContain('tidewheel_quarantined_tasks');
    expect(text).toContain(counted);
    isThere = true;
    expect(await scrape()).toContain('tidewheel_quarantined_tasks 2');
    stop();
  });

  it('may be started again after it was stopped', async () => {
    await telemetry.stop();
    telemetry = await startTelemetry({ service: 'test' });
    httpMetrics().begin()({ method: 'PUT', route: '/again', status: 201 });
    server.removeAllListeners('request').on('request', telemetry.answerMetrics);
    expect(await scrape()).toContain('route="/again"');
  });
});
