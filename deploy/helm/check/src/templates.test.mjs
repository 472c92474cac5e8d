// What the templates make of single values.
import assert from 'node:assert/strict';
import { execFile } from 'node:child_process';
import { describe, it } from 'node:test';
import { promisify } from 'node:util';
import { find, LEAST, POOL, render, renderText, variablesOf } from './render.mjs';

/** Checks that helm refuses values, saying where and why. */
async function refuses(values, ...patterns) {
  const error = await renderText(values).then(
    () => assert.fail('it was rendered'),
    (reason) => reason,
  );
  for (const pattern of patterns) assert.match(String(error.stderr ?? error), pattern);
}

const pool = (more) => ({ ...LEAST, workerPools: { orders: { ...POOL, ...more } } });

describe('replicas', () => {
  it('are left to the autoscaler where there is one', async () => {
    const objects = await render({
      ...LEAST,
      api: { autoscaling: { enabled: true } },
      workerPools: {
        fixed: { ...POOL, replicas: 7 },
        hpa: { ...POOL, autoscaling: { type: 'hpa' } },
        keda: { ...POOL, autoscaling: { type: 'keda', targetTasksPerWorker: 10 } },
      },
    });
    assert.equal(find(objects, 'Deployment', '-worker-fixed').spec.replicas, 7);
    for (const name of ['-api', '-worker-hpa', '-worker-keda']) {
      assert.ok(!('replicas' in find(objects, 'Deployment', name).spec), name);
    }
    assert.equal(
      find(objects, 'HorizontalPodAutoscaler', '-worker-hpa').spec.scaleTargetRef.name,
      'tw-tidewheel-worker-hpa',
    );
    assert.equal(
      find(objects, 'ScaledObject', '-worker-keda').spec.scaleTargetRef.name,
      'tw-tidewheel-worker-keda',
    );
  });

  it('follow cpu, memory and the backlog of every queue', async () => {
    const objects = await render(
      pool({ taskQueues: ['a', 'b'], autoscaling: { type: 'hpa', targetTasksPerWorker: 10 } }),
    );
    const { metrics } = find(objects, 'HorizontalPodAutoscaler', '-orders').spec;
    assert.deepEqual(
      metrics.map(
        ({ type, resource, external }) =>
          resource?.name ?? `${type} ${external.metric.selector.matchLabels.task_queue}`,
      ),
      ['cpu', 'memory', 'External a', 'External b'],
    );
    assert.deepEqual(metrics[2].external, {
      metric: {
        name: 'tidewheel-tasks',
        selector: { matchLabels: { tidewheel_namespace: 'default', task_queue: 'a' } },
      },
      target: { type: 'AverageValue', averageValue: '10' },
    });
  });
});

describe('keda', () => {
  it('asks the API how many workers each queue wants, for the kinds that the pool does', async () => {
    const triggersOf = async (more) => {
      const objects = await render(
        pool({ autoscaling: { type: 'keda', targetTasksPerWorker: 20 }, namespace: 'shop', ...more }),
      );
      return find(objects, 'ScaledObject').spec.triggers.filter(({ type }) => type === 'metrics-api');
    };
    const [both] = await triggersOf({ taskQueues: ['a b'] });
    assert.deepEqual(both.metadata, {
      url: 'http://tw-tidewheel-api.flows.svc:7243/api/v1/namespaces/shop/task-queues/a%20b/scaling?targetTasksPerWorker=20',
      valueLocation: 'desired',
      targetValue: '1',
    });
    assert.equal((await triggersOf({ kinds: ['activity'] }))[0].metadata.valueLocation, 'activity.desired');
    assert.equal((await triggersOf({ activities: [] }))[0].metadata.valueLocation, 'workflow.desired');
  });
});

describe('keda, where the API wants a token', () => {
  it('shows it the one that a secret has', async () => {
    const autoscaling = {
      type: 'keda',
      targetTasksPerWorker: 1,
      tokenSecret: 'api',
      tokenSecretKey: 'bearer',
    };
    const objects = await render(pool({ taskQueues: ['a', 'b'], autoscaling }));
    const authentication = find(objects, 'TriggerAuthentication');
    assert.deepEqual(authentication.spec.secretTargetRef, [
      { parameter: 'token', name: 'api', key: 'bearer' },
    ]);
    const triggers = find(objects, 'ScaledObject').spec.triggers.filter(({ type }) => type === 'metrics-api');
    assert.equal(triggers.length, 2);
    for (const { metadata, authenticationRef } of triggers) {
      assert.equal(metadata.authMode, 'bearer');
      assert.equal(authenticationRef.name, authentication.metadata.name);
    }
  });
});

describe('the grace period', () => {
  it('follows from the shutdown timeout', async () => {
    const objects = await render(pool({ shutdownTimeoutSeconds: 300 }));
    const deployment = find(objects, 'Deployment', '-orders');
    assert.equal(deployment.spec.template.spec.terminationGracePeriodSeconds, 315);
    assert.equal(variablesOf(deployment).TIDEWHEEL_SHUTDOWN_TIMEOUT, '300s');
  });

  it('may be longer, but not so short that running tasks are killed', async () => {
    const objects = await render(pool({ shutdownTimeoutSeconds: 30, terminationGracePeriodSeconds: 60 }));
    assert.equal(find(objects, 'Deployment', '-orders').spec.template.spec.terminationGracePeriodSeconds, 60);
    await refuses(
      pool({ shutdownTimeoutSeconds: 30, terminationGracePeriodSeconds: 44 }),
      /workerPools\.orders\.terminationGracePeriodSeconds: got 44; .* 45 or more/,
    );
    await refuses(
      { ...LEAST, api: { preStopSeconds: 20, terminationGracePeriodSeconds: 64 } },
      /api\.terminationGracePeriodSeconds: got 64; .* 65 or more \(preStopSeconds, shutdownTimeoutSeconds and 15\)/,
    );
  });

  it('has room for the last requests to a pod of the API, which SIGTERM follows', async () => {
    const pod = find(await render(LEAST), 'Deployment', '-api').spec.template.spec;
    assert.equal(pod.terminationGracePeriodSeconds, 50);
    const [{ lifecycle }] = pod.containers;
    const [program, ...args] = lifecycle.preStop.exec.command;
    assert.equal(program, 'node');
    const startedMs = performance.now();
    await promisify(execFile)(process.execPath, args);
    assert.ok(performance.now() - startedMs >= 4_990);
  });
});

describe('Redis', () => {
  it('is named in one way, and only one', async () => {
    await refuses({}, /redis: give exactly one of .* got 0/);
    await refuses(
      { redis: { url: 'redis://a:1', evaluation: { enabled: true } } },
      /redis: give exactly one of .* got 2/,
    );
  });

  it('has its password in a secret, or nowhere', async () => {
    for (const url of [
      'redis://:hunter2@redis:6379',
      'redis+sentinel://s1:26379/primary?sentinelPassword=hunter2',
      'redis://redis:6379/0?password=hunter2',
    ]) {
      await refuses({ redis: { url } }, /redis\.url: holds a password/);
    }
    const objects = await render({ redis: { existingSecret: 'address', existingSecretKey: 'url-of-redis' } });
    assert.deepEqual(variablesOf(find(objects, 'Deployment', '-api')).TIDEWHEEL_REDIS_URL, {
      secretKeyRef: { name: 'address', key: 'url-of-redis' },
    });
    assert.ok(!objects.some(({ kind }) => kind === 'Secret'));
  });

  it('has an address that the processes take, and none that they refuse', async () => {
    const { readConfiguration } = await import('../../../../apps/api/dist/configuration.js');
    const good = [
      'redis://redis',
      'redis://redis.data:6379',
      'rediss://user@[::1]:6379/15',
      'redis+cluster://a:1,b:2',
      'rediss+sentinel://s1,s2:26380/primary/1',
    ];
    const bad = [
      'redis',
      'redis://',
      'redis://redis/db',
      'http://redis',
      'redis+cluster://a,,b',
      'redis+cluster://a/0',
      'redis+sentinel://a:26379',
    ];
    for (const url of good) {
      await render({ redis: { url } });
      assert.equal(readConfiguration({ TIDEWHEEL_REDIS_URL: url }).redisUrl, url);
    }
    for (const url of bad) {
      await refuses({ redis: { url } }, /redis\.url: got ".*"; allowed is /);
      assert.throws(() => readConfiguration({ TIDEWHEEL_REDIS_URL: url }), /TIDEWHEEL_REDIS_URL/);
    }
  });

  it('is not reached without TLS where there is an authority for it', async () => {
    const tls = { caSecret: 'redis-ca' };
    await refuses(
      { redis: { url: 'redis://redis:6379', tls } },
      /redis\.tls\.caSecret: got "redis-ca", but connections to redis:\/\/redis:6379 have no TLS/,
    );
    await refuses({ redis: { evaluation: { enabled: true }, tls } }, /redis\.tls\.caSecret: .* have no TLS/);
    for (const redis of [{ url: 'rediss+cluster://a:6379' }, { existingSecret: 'address' }]) {
      await render({ redis: { ...redis, tls } });
    }
  });

  it('of the evaluation keeps what was acknowledged', async () => {
    const objects = await render({ redis: { evaluation: { enabled: true } } });
    const { args } = find(objects, 'StatefulSet', '-redis').spec.template.spec.containers[0];
    assert.equal(
      args.join(' '),
      'redis-server --appendonly yes --appendfsync always --maxmemory-policy noeviction --save  --dir /data',
    );
    assert.equal(
      find(objects, 'StatefulSet', '-redis').metadata.labels['tidewheel.dev/purpose'],
      'evaluation',
    );
    assert.equal(
      variablesOf(find(objects, 'Deployment', '-api')).TIDEWHEEL_REDIS_URL,
      'redis://tw-tidewheel-redis:6379',
    );
    assert.equal(
      find(objects, 'Job', '-preflight').metadata.annotations['helm.sh/hook'],
      'post-install,pre-upgrade',
    );
  });

  it('is looked at before every install and upgrade', async () => {
    const job = find(await render(LEAST), 'Job', '-preflight');
    assert.equal(job.metadata.annotations['helm.sh/hook'], 'pre-install,pre-upgrade');
    assert.deepEqual(job.spec.template.spec.containers[0].args, ['preflight', '--strict']);
    const lenient = find(await render({ ...LEAST, preflight: { strict: false } }), 'Job', '-preflight');
    assert.deepEqual(lenient.spec.template.spec.containers[0].args, ['preflight']);
  });
});

describe('network policies', () => {
  it('let the pod of helm test ask the API, whoever else may, over REST alone', async () => {
    const apiFrom = [{ namespaceSelector: { matchLabels: { team: 'orders' } } }];
    const objects = await render({ ...LEAST, networkPolicy: { enabled: true, apiFrom } });
    const [others, test] = find(objects, 'NetworkPolicy', '-api').spec.ingress;
    assert.deepEqual(others.from, apiFrom);
    assert.deepEqual(test.ports, [{ port: 'http', protocol: 'TCP' }]);
    assert.equal(test.from.length, 1);
    const { matchLabels } = test.from[0].podSelector;
    const admits = ({ labels }) =>
      Object.entries(matchLabels).every(([name, value]) => labels[name] === value);
    const pods = objects.map(({ kind, metadata, spec }) =>
      kind === 'Pod' ? metadata : spec?.template?.metadata,
    );
    assert.deepEqual(
      pods.filter((pod) => pod?.labels && admits(pod)),
      [find(objects, 'Pod', '-test-api').metadata],
    );
  });

  it('let pods reach Redis and its sentinels, where they restrict what pods reach', async () => {
    const policy = { enabled: true, restrictEgress: true, redisPorts: [6379, 26379] };
    const objects = await render({ ...LEAST, networkPolicy: policy });
    const [, redis] = find(objects, 'NetworkPolicy', '-api').spec.egress;
    assert.deepEqual(
      redis.ports.map(({ port }) => port),
      [6379, 26379],
    );
  });
});

describe('what is scraped', () => {
  it("keeps Tidewheel's namespace apart from the pod's", async () => {
    const objects = await render({
      ...LEAST,
      workerPools: { orders: POOL },
      serviceMonitor: { enabled: true },
    });
    const endpoints = [
      ...find(objects, 'ServiceMonitor').spec.endpoints,
      ...find(objects, 'PodMonitor').spec.podMetricsEndpoints,
    ];
    assert.equal(endpoints.length, 2);
    for (const { metricRelabelings } of endpoints) {
      assert.deepEqual(metricRelabelings[0].sourceLabels, ['exported_namespace']);
      assert.equal(metricRelabelings[0].targetLabel, 'tidewheel_namespace');
    }
  });
});

describe('pods', () => {
  it('may do nothing that they need not', async () => {
    const objects = await render({ redis: { evaluation: { enabled: true } }, workerPools: { orders: POOL } });
    const pods = objects.flatMap(({ kind, spec }) =>
      kind === 'Pod'
        ? [spec]
        : ['Deployment', 'StatefulSet', 'Job'].includes(kind)
          ? [spec.template.spec]
          : [],
    );
    assert.equal(pods.length, 5);
    for (const pod of pods) {
      assert.equal(pod.securityContext.runAsNonRoot, true);
      assert.equal(pod.automountServiceAccountToken, false);
      assert.equal(pod.enableServiceLinks, false);
      for (const { securityContext, resources } of pod.containers) {
        assert.equal(securityContext.readOnlyRootFilesystem, true);
        assert.equal(securityContext.allowPrivilegeEscalation, false);
        assert.deepEqual(securityContext.capabilities.drop, ['ALL']);
        assert.ok(resources.limits.memory);
      }
    }
  });

  it('end at once when they are told to before they have begun', async () => {
    const objects = await render(pool({}));
    for (const name of ['-api', '-orders']) {
      assert.equal(find(objects, 'Deployment', name).spec.template.spec.shareProcessNamespace, true);
    }
  });

  it('are asked how they are where they say it', async () => {
    const objects = await render(pool({}));
    for (const [name, port] of [
      ['-api', 7243],
      ['-orders', 8080],
    ]) {
      const [container] = find(objects, 'Deployment', name).spec.template.spec.containers;
      assert.equal(container.livenessProbe.httpGet.path, '/health');
      assert.equal(container.readinessProbe.httpGet.path, '/ready');
      assert.equal(container.ports.find((each) => each.name === 'http').containerPort, port);
    }
  });

  it('have the image that a digest names, else the tag, else the version of the chart', async () => {
    const imageOf = async (image) =>
      find(await render(pool({ image })), 'Deployment', '-orders').spec.template.spec.containers[0].image;
    const digest = `sha256:${'0'.repeat(64)}`;
    assert.equal(await imageOf({ repository: 'r.example/w', tag: '1', digest }), `r.example/w@${digest}`);
    assert.equal(await imageOf({ repository: 'r.example/w', tag: '1.0' }), 'r.example/w:1.0');
    assert.equal(await imageOf({ repository: 'r.example/w' }), 'r.example/w:0.1.0');
    await refuses(
      pool({ image: { repository: 'r.example/w', tag: 'latest' } }),
      /workerPools\.orders\.image\.tag: "latest"/,
    );
    await refuses(pool({ image: {} }), /workerPools\.orders\.image\.repository: is required/);
  });
});

describe('the variables of the containers', () => {
  it('are all known to the processes that get them', async () => {
    const { readConfiguration } = await import('../../../../apps/api/dist/configuration.js');
    const worker = await import('../../../../apps/worker/dist/configuration.js');
    const objects = await render({
      redis: { url: 'redis://redis.data:6379', partitions: 4 },
      api: { strictDurability: true },
      workerPools: { orders: { ...POOL, kinds: ['activity'], hostQueue: true, maxCachedWorkflows: 10 } },
    });
    const api = readConfiguration(variablesOf(find(objects, 'Deployment', '-api')));
    assert.equal(api.redisUrl, 'redis://redis.data:6379');
    assert.equal(api.strictDurability, true);
    assert.deepEqual([api.port, api.grpcPort, api.host, api.partitions], [7243, 7233, '0.0.0.0', 4]);
    const variables = variablesOf(find(objects, 'Deployment', '-orders'));
    // The modules are in the image; here they are not.
    assert.throws(
      () => worker.readConfiguration(variables, process.cwd()),
      ({ faults }) => faults.length === 2 && faults.every((fault) => /WORKFLOWS|ACTIVITIES/.test(fault)),
    );
  });
});

describe('the limits of numbers', () => {
  for (const [what, most] of [
    ['least', false],
    ['most', true],
  ]) {
    it(`are not wider than those of the processes: the ${what}`, async () => {
      const api = await import('../../../../apps/api/dist/configuration.js');
      const worker = await import('../../../../apps/worker/dist/configuration.js');
      const of = (least, greatest) => (most ? greatest : least);
      const shared = { shutdownTimeoutSeconds: of(0, 600) };
      const objects = await render({
        redis: { ...LEAST.redis, partitions: of(1, 1024), keyPrefix: 'p'.repeat(of(1, 32)) },
        api: shared,
        workerPools: {
          orders: {
            ...POOL,
            ...shared,
            slots: { activities: of(1, 100_000), workflowTasks: of(2, 100_000) },
            maxCachedWorkflows: of(0, 10_000_000),
            workflowThreads: of(1, 64),
            namespace: 'a'.repeat(of(1, 255)),
            taskQueues: ['q'.repeat(of(1, 1000))],
          },
        },
      });
      api.readConfiguration(variablesOf(find(objects, 'Deployment', '-api')));
      // The modules are in the image; here they are not.
      assert.throws(
        () => worker.readConfiguration(variablesOf(find(objects, 'Deployment', '-orders')), process.cwd()),
        ({ faults }) => faults.length === 2 && faults.every((fault) => /WORKFLOWS|ACTIVITIES:/.test(fault)),
      );
    });
  }
});

describe('what is exported over OTLP', () => {
  const otlpOf = async (otlp) => {
    const objects = await render({ ...LEAST, otlp, workerPools: { orders: POOL } });
    const [api, pool] = ['-api', '-orders'].map((end) =>
      Object.fromEntries(
        Object.entries(variablesOf(find(objects, 'Deployment', end))).filter(([name]) => /^OTEL/.test(name)),
      ),
    );
    assert.deepEqual(pool, api);
    return api;
  };
  const exported = {
    OTEL_EXPORTER_OTLP_ENDPOINT: 'http://collector:4318',
    OTEL_EXPORTER_OTLP_PROTOCOL: 'http/protobuf',
    OTEL_TRACES_SAMPLER: 'parentbased_traceidratio',
    OTEL_TRACES_SAMPLER_ARG: '0.1',
  };

  it('is nothing by default', async () => {
    assert.deepEqual(await otlpOf({}), {});
    assert.deepEqual(await otlpOf({ traceRatio: 1 }), {});
  });

  it('is one trace in ten, and metrics', async () => {
    assert.deepEqual(await otlpOf({ endpoint: 'http://collector:4318' }), exported);
  });

  it('is what was chosen', async () => {
    const chosen = { endpoint: 'https://c:4317', protocol: 'grpc', traceRatio: 0.0001, metrics: false };
    assert.deepEqual(await otlpOf(chosen), {
      ...exported,
      OTEL_EXPORTER_OTLP_ENDPOINT: 'https://c:4317',
      OTEL_EXPORTER_OTLP_PROTOCOL: 'grpc',
      OTEL_TRACES_SAMPLER_ARG: '0.0001',
      OTEL_METRICS_EXPORTER: 'prometheus',
    });
  });
});

describe('a variable that the chart sets', () => {
  const redis = { url: 'rediss://redis.data:6380', partitions: 4, tls: { caSecret: 'redis-ca' } };
  const otlp = { endpoint: 'http://collector:4318', metrics: false };
  const orders = { ...POOL, kinds: ['activity'], hostQueue: true, maxCachedWorkflows: 10 };
  const apiWith = (env) => ({ redis, otlp, api: { env }, workerPools: { orders } });
  const poolWith = (env) => ({ redis, otlp, workerPools: { orders: { ...orders, env } } });

  it('may not be set once more', async () => {
    const objects = await render(apiWith({}));
    for (const [end, path, values] of [
      ['-api', 'api', apiWith],
      ['-orders', 'workerPools\\.orders', poolWith],
    ]) {
      for (const name of Object.keys(variablesOf(find(objects, 'Deployment', end)))) {
        await refuses(values({ [name]: 'mine' }), new RegExp(`${path}\\.env\\.${name}: is set by the chart`));
      }
    }
  });

  it('may be set where the chart does not set it', async () => {
    const env = { NODE_EXTRA_CA_CERTS: '/certificates/all.crt', POD_NAME: 'mine' };
    const api = variablesOf(find(await render({ ...LEAST, api: { env } }), 'Deployment', '-api'));
    assert.deepEqual([api.NODE_EXTRA_CA_CERTS, api.POD_NAME], Object.values(env));
  });
});

describe('wrong values are refused with their path and the reason', () => {
  const cases = [
    [{ ...LEAST, api: { replcas: 3 } }, /\/api/, /replcas/],
    [{ ...LEAST, api: { replicas: 'three' } }, /\/api\/replicas/, /want integer/],
    [{ redis: { url: 'http://redis' } }, /redis\.url: got "http:\/\/redis"; allowed is redis:\/\/host/],
    [
      pool({ rollingUpdate: { maxSurge: '0%' } }),
      /workerPools\.orders\.rollingUpdate: maxUnavailable and maxSurge cannot both be 0/,
    ],
    [pool({ rollingUpdate: { maxSurge: 'one' } }), /\/workerPools\/orders\/rollingUpdate\/maxSurge/],
    [pool({ workflows: '/app/workflows' }), /\/workerPools\/orders\/workflows/],
    [pool({ activities: ['/app/activities.ts'] }), /\/workerPools\/orders\/activities\/0/],
    [pool({ hostQueue: true, activities: [] }), /workerPools\.orders\.hostQueue: got true, which is for/],
    [
      pool({ hostQueue: true, kinds: ['workflow'] }),
      /workerPools\.orders\.hostQueue: got true, which is for/,
    ],
    [{ ...LEAST, api: { logLevel: 'loud' } }, /\/api\/logLevel/],
    [
      { ...LEAST, api: { autoscaling: { enabled: true, minReplicas: 5, maxReplicas: 2 } } },
      /api\.autoscaling\.maxReplicas: got 2/,
    ],
    [
      { ...LEAST, api: { pdb: { minAvailable: 1 } } },
      /api\.pdb: minAvailable and maxUnavailable cannot go together/,
    ],
    [{ ...LEAST, api: { ingress: { enabled: true } } }, /api\.ingress\.hosts: needs one host/],
    [{ ...LEAST, workerPools: { Orders: POOL } }, /workerPools: got the name "Orders"/],
    [pool({ taskQueues: [] }), /workerPools\.orders\.taskQueues: needs one queue/],
    [pool({ taskQueues: ['a,b'] }), /\/workerPools\/orders\/taskQueues\/0/],
    [pool({ taskQueues: ['a', 'a'] }), /\/workerPools\/orders\/taskQueues/],
    [pool({ workflows: '', activities: [] }), /workerPools\.orders: needs workflows, activities or both/],
    [pool({ workflows: '', kinds: ['workflow'] }), /workerPools\.orders\.kinds: has "workflow"/],
    [pool({ activities: [], kinds: ['activity'] }), /workerPools\.orders\.kinds: has "activity"/],
    [
      pool({ image: { repository: 'r.example/w', tag: 1.4 } }),
      /\/workerPools\/orders\/image\/tag/,
      /want string/,
    ],
    [pool({ kinds: ['query'] }), /\/workerPools\/orders\/kinds\/0/],
    [pool({ slots: { workflowTasks: 1 } }), /\/workerPools\/orders\/slots\/workflowTasks/],
    [pool({ autoscaling: { type: 'auto' } }), /\/workerPools\/orders\/autoscaling\/type/],
    [
      pool({ autoscaling: { type: 'keda' } }),
      /workerPools\.orders\.autoscaling\.targetTasksPerWorker: is required/,
    ],
    [
      pool({ autoscaling: { minReplicas: 9, maxReplicas: 3 } }),
      /workerPools\.orders\.autoscaling\.maxReplicas: got 3/,
    ],
    [
      pool({ autoscaling: { type: 'keda', minReplicas: 0, targetTasksPerWorker: 1 } }),
      /workerPools\.orders\.autoscaling\.minReplicas: 0 cannot go with targets of cpu and memory/,
    ],
    [
      pool({ autoscaling: { type: 'hpa', minReplicas: 0 } }),
      /workerPools\.orders\.autoscaling\.minReplicas: got 0, which type hpa cannot do/,
    ],
    [
      pool({ env: { TIDEWHEEL_SHUTDOWN_TIMEOUT: '10m' } }),
      /workerPools\.orders\.env\.TIDEWHEEL_SHUTDOWN_TIMEOUT: is set by the chart/,
    ],
    [{ ...LEAST, api: { env: { REDIS_URL: 'redis://b' } } }, /api\.env\.REDIS_URL: is set by the chart/],
    [
      { ...LEAST, api: { service: { port: 443, grpcPort: 443 } } },
      /api\.service\.grpcPort: got 443, which is api\.service\.port as well/,
    ],
    [pool({ volumes: [{ name: 'tmp', emptyDir: {} }] }), /workerPools\.orders\.volumes: got the name "tmp"/],
    [
      pool({ volumeMounts: [{ name: 'scratch', mountPath: '/scratch' }] }),
      /workerPools\.orders\.volumeMounts: got the name "scratch", which no volume has/,
    ],
    [
      pool({ volumes: [{ name: 'a', emptyDir: {} }], volumeMounts: [{ name: 'a', mountPath: '/tmp/' }] }),
      /workerPools\.orders\.volumeMounts: got "\/tmp\/", where the chart/,
    ],
    [pool({ volumes: [{ emptyDir: {} }] }), /\/workerPools\/orders\/volumes\/0/, /name/],
    [{ ...LEAST, api: { pdb: { maxUnavailable: 'some' } } }, /\/api\/pdb\/maxUnavailable/],
    [pool({ pdb: { maxUnavailable: -1 } }), /\/workerPools\/orders\/pdb\/maxUnavailable/],
    [{ ...LEAST, api: { resources: { requests: { cpu: 'lots' } } } }, /\/api\/resources\/requests\/cpu/],
    [
      pool({ resources: { limits: { memory: '512MB' } } }),
      /\/workerPools\/orders\/resources\/limits\/memory/,
    ],
    [pool({ image: { repository: 'r.example/w', tag: '1.0 beta' } }), /\/workerPools\/orders\/image\/tag/],
    [pool({ image: { repository: 'r.example/w:latest' } }), /\/workerPools\/orders\/image\/repository/],
    [{ ...LEAST, fullnameOverride: 'My_Flows' }, /\/fullnameOverride/],
    [{ ...LEAST, nameOverride: 'flows.' }, /\/nameOverride/],
    [
      { ...LEAST, commonLabels: { 'app.kubernetes.io/name': 'flows' } },
      /commonLabels: got "app\.kubernetes\.io\/name", which the chart sets itself/,
    ],
    [
      { ...LEAST, api: { podLabels: { 'app.kubernetes.io/component': 'web' } } },
      /api\.podLabels: got "app\.kubernetes\.io\/component", which the chart sets itself/,
    ],
    [
      pool({ podLabels: { 'helm.sh/chart': 'other' } }),
      /workerPools\.orders\.podLabels: got "helm\.sh\/chart", which the chart sets itself/,
    ],
    [{ ...LEAST, otlp: { endpoint: 'collector:4318' } }, /\/otlp\/endpoint/],
    [{ ...LEAST, otlp: { endpoint: 'http://user:secret@collector' } }, /\/otlp\/endpoint/],
    [{ ...LEAST, otlp: { protocol: 'udp' } }, /\/otlp\/protocol/],
    [{ ...LEAST, otlp: { traceRatio: 10 } }, /\/otlp\/traceRatio/],
    [{ ...LEAST, networkPolicy: { redisPorts: [0] } }, /\/networkPolicy\/redisPorts\/0/],
    [pool({ env: { 'NOT A NAME': 'x' } }), /workerPools\.orders\.env: got the name "NOT A NAME"/],
  ];
  for (const [values, ...patterns] of cases) {
    it(`${patterns[0].source}`, () => refuses(values, ...patterns));
  }
});
