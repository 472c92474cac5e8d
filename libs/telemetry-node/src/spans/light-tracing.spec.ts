import { resourceFromAttributes } from '@opentelemetry/resources';
import { ROOT_CONTEXT } from '@opentelemetry/api';
import { startLightTracing } from './light-tracing.js';

const PLAIN = { exporters: ['otlp'], protocol: 'http/protobuf' } as const;
const ENDPOINT = { OTEL_EXPORTER_OTLP_ENDPOINT: 'http://127.0.0.1:4318' };
const RESOURCE = resourceFromAttributes({});

describe('startLightTracing', () => {
  it.each([
    ['nothing else is asked for', {}],
    ['traces that begin here are not kept', { OTEL_TRACES_SAMPLER: 'parentbased_always_off' }],
    ['limits are those of batches', { OTEL_BSP_MAX_QUEUE_SIZE: '100' }],
  ])('starts when %s', (_when, env) => {
    expect(startLightTracing({ ...ENDPOINT, ...env }, PLAIN, RESOURCE)).toBeDefined();
  });

  it.each([
    ['another exporter', {}, { ...PLAIN, exporters: ['otlp', 'console'] } as const],
    ['another protocol', {}, { ...PLAIN, protocol: 'http/json' } as const],
    ['a sampler that judges each span', { OTEL_TRACES_SAMPLER: 'always_on' }, PLAIN],
    ['limits of spans', { OTEL_SPAN_ATTRIBUTE_COUNT_LIMIT: '10' }, PLAIN],
    ['limits of attributes', { OTEL_ATTRIBUTE_VALUE_LENGTH_LIMIT: '10' }, PLAIN],
    ['metrics of the SDK about itself', { OTEL_NODE_EXPERIMENTAL_SDK_METRICS: 'true' }, PLAIN],
  ])('leaves it to the SDK when %s is asked for', (_what, env, settings) => {
    expect(startLightTracing({ ...ENDPOINT, ...env }, settings, RESOURCE)).toBeUndefined();
  });

  it.each([
    [undefined, 200],
    ['0', 0],
    ['1', 200],
    ['2', 200],
  ])('keeps the share of traces that is asked for: %s', (ratio, expected) => {
    const before = process.env['OTEL_TRACES_SAMPLER_ARG'];
    if (ratio === undefined) delete process.env['OTEL_TRACES_SAMPLER_ARG'];
    else process.env['OTEL_TRACES_SAMPLER_ARG'] = ratio;
    try {
      const env = { ...ENDPOINT, OTEL_TRACES_SAMPLER: 'parentbased_traceidratio' };
      const { tracer } = startLightTracing(env, PLAIN, RESOURCE) ?? {};
      const spans = Array.from({ length: 200 }, () => tracer?.startSpan('a', {}, ROOT_CONTEXT));
      expect(spans.filter((span) => span?.isRecording())).toHaveLength(expected);
    } finally {
      if (before === undefined) delete process.env['OTEL_TRACES_SAMPLER_ARG'];
      else process.env['OTEL_TRACES_SAMPLER_ARG'] = before;
    }
  });
});
